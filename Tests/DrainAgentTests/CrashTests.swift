import ClusterModel
import DrainReport
import FoundationEssentials
import Glibc
import KubernetesAPI
import SeededRandom
import TestSupport
import Testing

@testable import DrainAgent

/// What a process leaves that is killed in the middle of a drain.
@Suite(.serialized, .timeLimit(.minutes(5))) struct CrashTests {
    @Test("killed at a random moment: every line but the last parses, and the report tells the story up to there")
    func killed() async throws {
        var random = SplitMix64(seed: 4)
        for round in 0..<20 {
            try Task.checkCancellation()
            // Each of the 30 pods that go has three at least: itself, a request, its termination. More depends on timing.
            try await killed(after: Int.random(in: 0..<90, using: &random), round)
        }
    }

    private func killed(after lines: Int, _ round: Int) async throws {
        try await TestCluster.with { model in
            model.addDeployment(
                "shop", "web", replicas: 30, on: Array(repeating: TestCluster.node, count: 30), .quick)
            model.addBudget("shop", "web", .maxUnavailable(.int(3)), selecting: ["app": "web"])
            model.addFrozen()
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                while try cluster.spanBytes.count(where: { $0 == UInt8(ascii: "\n") }) < lines {
                    try Task.checkCancellation()
                    await Task.yield()
                }
                agent.child.send(SIGKILL)
                #expect(await agent.child.end() == .killed(signal: SIGKILL))
            }
            let bytes = try cluster.spanBytes
            let whole = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast()
            for line in whole {
                #expect(throws: Never.self) { try JSONDecoder().decode(JSONValue.self, from: Data(line)) }
            }
            try await tells(cluster, lines: whole.count, "round \(round), killed after \(lines) lines")
        }
    }

    private func tells(_ cluster: TestCluster, lines: Int, _ round: String) async throws {
        try await AgentProcess.with(["report", "-o", "json", cluster.spans], in: cluster.directory) { command in
            #expect(await command.exitCode() == 0)
            let report = try JSONDecoder().decode(JSONValue.self, from: Data(command.child.output.text.utf8))
            #expect(report["files"]?.items.first?["unreadable_lines"] == .integer(0), "\(round)")
            guard lines > 0 else { return }
            let drain = try #require(report["drains"]?.items.first, "\(round)")
            #expect(report["drains"]?.items.count == 1, "\(round)")
            #expect(drain["node"]?.string == TestCluster.node, "\(round)")
            #expect(drain["ending"]?.string == "cut_off", "\(round)")
            let pods = drain["pods"]?.items ?? []
            #expect(pods.allSatisfy { $0["name"]?.string?.isEmpty == false }, "\(round)")
            let text = String(decoding: Data(try cluster.spanBytes), as: UTF8.self)
            let gone = text.split(separator: "\n").count { $0.contains("\"name\":\"pod.evict\"") && $0.hasSuffix("}") }
            #expect(drain["pod_counts"]?["evicted"] == .integer(Int64(gone)), "\(round)")
        }
    }
}

extension TestCluster {
    fileprivate var spanBytes: [UInt8] {
        get throws {
            guard FileManager.default.fileExists(atPath: spans) else { return [] }
            return Array(try Data(contentsOf: URL(fileURLWithPath: spans)))
        }
    }
}
