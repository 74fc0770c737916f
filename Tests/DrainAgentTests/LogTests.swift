import ClusterModel
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import DrainAgent

/// The log of a whole drain, as it comes out of the process.
@Suite(.serialized, .timeLimit(.minutes(2))) struct LogTests {
    /// From the first line to the last: trouble with the server, a budget, a pod that stays, a cancel.
    private func troubled(_ format: [String], _ check: ([String]) throws -> Void) async throws {
        try await TestCluster.with { model in
            model.addShop()
            model.addFrozen()
            model.addStuck()
            model.faults.add(Fault(.unavailable, times: 3))
        } _: { cluster in
            try await cluster.run(["--log-level", "debug"] + format) { agent in
                while !agent.child.error.text.contains("serving") { await Task.yield() }
                agent.child.send(SIGTERM)
                while !agent.child.error.text.contains("eviction is blocked") { await Task.yield() }
                try await cluster.control(["cancel"]) { _, code in #expect(code == 0) }
                #expect(await agent.exitCode() == 5)
                try check(agent.child.error.lines)
            }
        }
    }

    @Test("each line begins with ts, level, logger and msg, and from the drain's start on has its id, node and trace")
    func json() async throws {
        try await troubled([]) { lines in
            var hasBegun = false
            var traces: Set<String> = []
            for line in lines {
                #expect(line.hasPrefix("{\"ts\":\"20") && line.dropFirst(33).hasPrefix("Z\",\"level\":\""), "\(line)")
                let document = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
                let level = try #require(document["level"]?.string)
                let logger = try #require(document["logger"]?.string)
                let message = try #require(document["msg"]?.string)
                #expect(
                    line.contains("\"level\":\"\(level)\",\"logger\":\"\(logger)\",\"msg\":\"\(message)\""), "\(line)")
                #expect(["debug", "info", "warning", "error"].contains(level))
                #expect(document["node"] == .text(TestCluster.node), "\(line)")
                if message == "drain began" { hasBegun = true }
                guard hasBegun else { continue }
                #expect(document["drain_id"]?.string?.hasPrefix("drain-") == true, "\(line)")
                #expect(document["span_id"]?.string?.utf8.count == 16, "\(line)")
                #expect(line.hasSuffix("\"trace_flags\":\"01\"}"), "\(line)")
                traces.insert(document["trace_id"]?.string ?? "")
                guard let pod = document["pod"] else { continue }
                for name in ["namespace", "name", "uid"] { #expect(pod[name]?.string?.isEmpty == false, "\(line)") }
            }
            #expect(hasBegun && traces.count == 1)
            let text = lines.joined(separator: "\n")
            for word in [
                "\"pdb\":\"shop/", "\"attempt\":", "\"answer\":\"budget\"", "\"phase\":\"terminating\"", "\"err\":",
            ] {
                #expect(text.contains(word), "\(word)")
            }
            #expect(text.contains("\"msg\":\"ending\",\"drain_id\""))
        }
    }

    @Test("as text it is a line a message, without JSON; the level decides what is written")
    func text() async throws {
        try await troubled(["--log-format", "text"]) { lines in
            for line in lines {
                let columns = line.split(separator: " ", maxSplits: 2)
                #expect(columns.count == 3 && columns[0].utf8.count == 12, "\(line)")
                #expect(["DEBUG", "INFO", "WARN", "ERROR"].contains(columns[1]), "\(line)")
            }
            #expect(lines.contains { $0.contains("eviction is blocked drain_id=drain-") && $0.contains("pdb=shop/") })
        }
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--log-level", "error", "--linger", "0"]) { agent in
                while !cluster.isServing { await Task.yield() }
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(agent.child.error.lines.isEmpty)
            }
        }
    }
}

extension TestCluster {
    fileprivate var isServing: Bool { FileManager.default.fileExists(atPath: socket) }
}
