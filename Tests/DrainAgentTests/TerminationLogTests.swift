import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing

@testable import DrainAgent
@testable import DrainEngine

@Suite struct TerminationLogTests {
    private func summary(_ outcome: DrainOutcome, reason: String, remaining: Int = 0, message: String = "")
        -> DrainSummary
    {
        DrainSummary(
            outcome: outcome, reason: reason, total: remaining + 2, evicted: 1, vanished: 1, failed: 0,
            remaining: (0..<remaining).map {
                DrainSummary.Remaining(
                    pod: PodIdentity(namespace: "shop", name: "web-\($0)", uid: "u\($0)"), phase: .blocked, attempts: 3,
                    message: message)
            }, leftCordoned: true)
    }

    private func json(_ bytes: [UInt8]) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    }

    @Test("it says the outcome, why, and which pods are left")
    func content() throws {
        let bytes = TerminationLog.text(
            summary(.timedOut, reason: "1 pod is left", remaining: 1, message: "no"), node: "node-a", drainID: "d1")
        #expect(
            try json(bytes)
                == .object([
                    "outcome": .text("timed_out"), "reason": .text("1 pod is left"), "node": .text("node-a"),
                    "drain_id": .text("d1"), "pods": .integer(3), "evicted": .integer(1), "vanished": .integer(1),
                    "failed": .integer(0), "left": .integer(1),
                    "remaining": .array([
                        .object(["pod": .text("shop/web-0"), "phase": .text("blocked"), "message": .text("no")])
                    ]),
                ]))
    }

    @Test(
        "the kubelet shows it whole, however much there is to say",
        arguments: [
            (500, "no", "many are left"), (500, String(repeating: "long ", count: 1000), "many are left"),
            (20, String(repeating: "\u{1}", count: 5000), "x"), (3, String(repeating: "👩‍👩‍👧‍👦", count: 2000), "x"),
            (0, "", String(repeating: "r", count: 100_000)), (0, "", String(repeating: "\u{2}", count: 5000)),
            (0, "", String(repeating: "👩‍👩‍👧‍👦", count: 3000)), (0, "", "e" + String(repeating: "\u{301}", count: 50_000)),
            (500, String(repeating: "\"", count: 5000), String(repeating: "\u{1}", count: 5000)),
        ])
    func bounded(count: Int, message: String, reason: String) throws {
        let name = String(repeating: "n", count: 253)
        let id = String(repeating: "i", count: 128)
        let bytes = TerminationLog.text(
            summary(.incomplete, reason: reason, remaining: count, message: message), node: name, drainID: id)
        #expect(bytes.count <= 4096)
        let document = try json(bytes)
        #expect(document["outcome"] == .text("incomplete"))
        #expect(document["left"] == .integer(Int64(count)))
        #expect(document["node"]?.string == name)
        #expect(document["reason"]?.string?.isEmpty == false)
    }

    @Test("what was in the file before is gone")
    func replaces() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "termination-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(TerminationLog.write(Array("a long first text".utf8), to: path) == nil)
        #expect(TerminationLog.write(Array("{}".utf8), to: path) == nil)
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data("{}".utf8))
    }

    @Test("a file that cannot be written is named")
    func unwritable() throws {
        let problem = try #require(TerminationLog.write([], to: "/nonexistent/termination-log"))
        #expect(problem.contains("/nonexistent/termination-log"))
    }
}
