import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import DrainAgent

/// `drain-agent demo`, as `make demo` runs it.
@Suite(.timeLimit(.minutes(2))) struct DemoTests {
    @Test("the demo completes, and leaves metrics, spans and a log that can be read")
    func completes() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "demo-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        func read(_ name: String) throws -> String {
            String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")), as: UTF8.self)
        }
        let arguments = ["demo", "--directory", directory, "--listen", "127.0.0.1:0"]
        try await AgentProcess.with(arguments, in: "/tmp") { demo in
            let title = try #require(await demo.child.output.first(containing: "metrics: http://"))
            let address = try #require(title.split(separator: "metrics: ").last).dropLast("/metrics".count)
            #expect(await demo.child.output.first(containing: "is blocked by budget shop/payments") != nil)
            let scrape = try await demo.scrape(String(address))
            #expect(scrape["drain_pdb_blocked_pods{pdb_namespace=\"shop\",pdb=\"payments\"}"] == 1)
            #expect(await demo.exitCode() == 0)
            #expect(demo.child.output.text.contains("node/node-a drained in"))
            for name in ["metrics.txt", "spans.jsonl", "log.jsonl"] {
                #expect(demo.child.output.text.contains("\(directory)/\(name)"))
            }
        }
        #expect(Scrape(Array(try read("metrics.txt").utf8)).hasEnded("completed"))
        let spans = try SpanFile(try read("spans.jsonl"))
        #expect(spans.isOneTree)
        #expect(spans.named("pod.evict").count > 10 && !spans.named("pdb.wait").isEmpty)
        let log = try read("log.jsonl").split(separator: "\n")
        #expect(log.count > 20)
        for line in log {
            #expect(throws: Never.self) { try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8)) }
        }
    }

    @Test("a demo that somebody ends is cancelled")
    func interrupted() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "demo-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let arguments = ["demo", "--directory", directory, "--listen", "127.0.0.1:0"]
        try await AgentProcess.with(arguments, in: "/tmp") { demo in
            #expect(await demo.child.output.first(containing: "is blocked by") != nil)
            demo.child.send(SIGINT)
            #expect(await demo.exitCode() == 5)
        }
    }

    @Test("--simulate-only prints, at once, a kubeconfig that leads to the cluster")
    func simulateOnly() async throws {
        try await TestCluster.with { _ in
        } _: { cluster in
            try await AgentProcess.with(["demo", "--simulate-only"], in: cluster.directory) { demo in
                #expect(await demo.child.output.first(containing: "user: {}") != nil)
                let path = "\(cluster.directory)/simulated"
                try cluster.write(demo.child.output.text, to: path)
                try await AgentProcess.with(
                    ["drain", "node-a", "--kubeconfig", path, "--dry-run=client", "--force", "--delete-emptydir-data"],
                    in: cluster.directory
                ) { drain in
                    #expect(await drain.exitCode() == 0, "\(drain.child.error.text)")
                    #expect(drain.child.output.text.contains("pod shop/payments-"))
                }
                demo.child.send(SIGINT)
                #expect(await demo.exitCode() == 0)
            }
        }
    }
}
