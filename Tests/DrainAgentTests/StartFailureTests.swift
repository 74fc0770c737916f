import ClusterModel
import Glibc
import SimulatedCluster
import TestSupport
import Testing

@testable import DrainAgent

/// What stops a drain before it begins: one clear line on stderr, and exit 1, or 64 for a bad command line.
@Suite(.serialized, .timeLimit(.minutes(2))) struct StartFailureTests {
    private func fails(
        _ arguments: [String] = [], saying words: [String], _ prepare: (inout ClusterModel) -> Void = { $0.addShop() }
    ) async throws {
        try await TestCluster.with(prepare) { cluster in
            let before = cluster.revision
            try await cluster.drain(arguments) { agent, code in
                #expect(code == 1)
                #expect(agent.child.error.lines.count == 1)
                for word in words { #expect(agent.child.error.text.contains(word), "\(agent.child.error.text)") }
            }
            #expect(cluster.revision == before)
        }
    }

    @Test("without the right to list pods")
    func mayNotList() async throws {
        try await fails(saying: ["cannot list the pods of node-a", "403"]) { model in
            model.addShop()
            model.access.denied = [AccessAttributes("list", .pods)]
        }
    }

    @Test("a node that does not exist")
    func noSuchNode() async throws {
        try await TestCluster.with({ $0.addShop() }) { cluster in
            try await AgentProcess.with(
                ["drain", "node-z", "--kubeconfig", cluster.kubeconfig], in: cluster.directory
            ) { agent in
                #expect(await agent.exitCode() == 1)
                #expect(agent.child.error.text.contains("node-z"))
                #expect(agent.child.error.lines.count == 1)
            }
        }
    }

    @Test("an API server that does not answer in time")
    func unreachable() async throws {
        try await TestCluster.with({ _ in }) { cluster in
            let nobody = "http://127.0.0.1:\(try ScriptedServer.unusedPort())"
            try cluster.write(SimulatedCluster.kubeconfig(server: nobody), to: cluster.kubeconfig)
            try await cluster.drain(["--startup-timeout", "1s"]) { agent, code in
                #expect(code == 1)
                #expect(agent.child.error.text.contains("--startup-timeout"))
                #expect(agent.child.output.text.contains("connect"))
            }
        }
    }

    @Test("a token that the API server does not know")
    func unknownToken() async throws {
        try await TestCluster.with(token: "right-token", { $0.addShop() }) { cluster in
            let text = try cluster.read(cluster.kubeconfig).replacing("right-token", with: "wrong-token")
            try cluster.write(text, to: cluster.kubeconfig)
            try await cluster.drain { agent, code in
                #expect(code == 1)
                #expect(agent.child.error.text.contains("401"))
                #expect(!agent.child.error.text.contains("wrong-token"))
            }
        }
    }

    @Test("a bad kubeconfig is named, and the context that it lacks")
    func badKubeconfig() async throws {
        try await TestCluster.with({ _ in }) { cluster in
            let missing = "\(cluster.directory)/missing"
            for (arguments, word) in [
                (["--kubeconfig", missing], missing), (["--kubeconfig", "/"], "/"),
                (["--context", "elsewhere"], "\"elsewhere\""),
            ] {
                try await cluster.drain(arguments) { agent, code in
                    #expect(code == 1)
                    #expect(agent.child.error.text.contains(word), "\(agent.child.error.text)")
                }
            }
            try cluster.write("clusters: [", to: cluster.kubeconfig)
            try await cluster.drain { agent, code in
                #expect(code == 1)
                #expect(agent.child.error.text.contains(cluster.kubeconfig))
            }
        }
    }

    @Test("a file for spans that cannot be opened is named")
    func spans() async throws {
        try await fails(["--spans", "/nonexistent/spans"], saying: ["/nonexistent/spans"])
    }

    @Test("an address that is taken is named")
    func addressTaken() async throws {
        let other = try ScriptedServer { _ in }
        defer { other.stop() }
        try await fails(["--listen", "127.0.0.1:\(other.port)"], saying: ["127.0.0.1:\(other.port)", "in use"])
    }

    @Test(
        "a bad command line is 64",
        arguments: [
            ["drain"], ["drain", "node-a", "--concurrency", "0"], ["run", "--on-sigterm", "x"], ["run"], ["what"],
            ["drain", "node-a", "--grace-period"],
        ])
    func usage(arguments: [String]) async throws {
        try await AgentProcess.with(arguments, in: "/tmp") { agent in
            #expect(await agent.exitCode() == 64)
            #expect(agent.child.error.text.contains("Usage:"))
            #expect(agent.child.output.lines.isEmpty)
        }
    }

    @Test("help and version are no failure", arguments: ["--help", "--version", "help"])
    func help(argument: String) async throws {
        try await AgentProcess.with([argument], in: "/tmp") { agent in
            #expect(await agent.exitCode() == 0)
            #expect(agent.child.output.text.contains("drain-agent"))
        }
    }
}
