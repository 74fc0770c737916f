import FoundationEssentials
import Glibc
import Telemetry
import TestSupport
import Testing

@testable import DrainAgent

@Suite(.timeLimit(.minutes(2))) struct TextfileTests {
    @Test(
        "it has what stays true after the end, and nothing that would outlive the node; nothing else is left beside it")
    func content() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            let path = "\(cluster.directory)/drain.prom"
            try cluster.write("old", to: path)
            try await cluster.run(["--textfile", path]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                #expect(!agent.child.error.text.contains("textfile not written"))
            }
            let text = try Scrape(Array(cluster.read(path).utf8))
            #expect((text["drain_last_completion_timestamp_seconds{outcome=\"completed\"}"] ?? 0) > 0)
            #expect((text["drain_start_timestamp_seconds"] ?? 0) > 0)
            #expect(text["drain_pods_finished_total{result=\"evicted\"}"] == 3)
            #expect(text["drain_eviction_attempts_total{answer=\"accepted\"}"] == 3)
            #expect(text["drain_duration_seconds_count"] == 1)
            let never = ["drain_state", "drain_pods{", "drain_pods_excluded", "drain_pdb_blocked_pods", "process_"]
            for prefix in never + ["drain_node_unschedulable", "drain_pdb_unsatisfiable", "drain_deadline_timestamp"] {
                #expect(!text.all.keys.contains { $0.hasPrefix(prefix) }, "\(prefix)")
            }
            let beside = try FileManager.default.contentsOfDirectory(atPath: cluster.directory)
            #expect(beside.filter { $0.hasPrefix("drain.prom") } == ["drain.prom"])
        }
    }

    @Test("one that cannot be written is named once, and changes nothing about the exit code")
    func unwritable() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.run(["--textfile", "/nonexistent/drain.prom"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
                let said = agent.child.error.lines.filter { $0.contains("/nonexistent/drain.prom") }
                #expect(said.count == 1)
            }
            try await cluster.drain(["--textfile", "/nonexistent/drain.prom", "--force"]) { agent, code in
                #expect(code == 0)
                #expect(agent.child.error.text.contains("/nonexistent/drain.prom"))
            }
        }
    }

    @Test("a directory in its place leaves no draft behind")
    func directoryInPlace() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "textfile-\(UUID())").path
        let path = "\(directory)/x.prom"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(Textfile.write([1], to: path)?.hasPrefix(path) == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["x.prom"])
    }
}
