import ClusterModel
import FoundationEssentials
import HTTPClient
import KubernetesAPI
import SimulatedCluster
import TestSupport
import Testing

@testable import DrainAgent

/// `drain-agent plan`, GET /plan and `--preflight`: the real binary against a simulated cluster, over HTTP.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PlanCommandTests {
    private func plan(
        _ cluster: TestCluster, _ arguments: [String] = [], _ check: (AgentProcess, Int32?) throws -> Void
    ) async throws {
        let fixed = ["plan", TestCluster.node, "--kubeconfig", cluster.kubeconfig]
        try await AgentProcess.with(fixed + arguments, in: cluster.directory) { agent in
            let code = await agent.exitCode()
            try check(agent, code)
        }
    }

    private func decode(_ text: String) throws -> JSONValue {
        try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    }

    @Test("a plan says what would go, exits with 0 when all can, and touches nothing")
    func canGo() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            let before = cluster.revision
            try await plan(cluster) { agent, code in
                #expect(code == 0, "\(agent.child.error.text)")
                let last = "node/node-a can be drained: 1 must wait, 2 would go now, 2 would stay"
                #expect(agent.child.output.lines.last == last, "\(agent.child.output.text)")
                #expect(agent.child.output.lines.contains("shop/web   waiting   1         2      2"))
                #expect(agent.child.error.lines.isEmpty)
            }
            try await plan(cluster, ["-o", "json"]) { agent, code in
                let plan = try decode(agent.child.output.text)
                #expect(code == 0 && plan["can_complete"] == .bool(true))
                #expect(plan["pods"]?.items.map { $0["outlook"]?.string } == ["blocked", "now", "now", "left", "left"])
            }
            try await plan(cluster, ["-o", "yaml"]) { agent, code in
                #expect(code == 0 && agent.child.output.lines.first == "node: node-a")
            }
            #expect(cluster.revision == before && !cluster.isUnschedulable)
        }
    }

    @Test("what can never go is named with what to do, and the exit code is 3")
    func never() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            try await plan(cluster) { agent, code in
                #expect(code == 3)
                #expect(agent.child.output.text.contains("budget shop/pay-budget: unsatisfiable"))
                #expect(agent.child.output.text.contains("Deployment shop/pay keeps 1: scale it to 2 or more"))
            }
            try await plan(cluster, ["--disable-eviction"]) { _, code in #expect(code == 0) }
        }
    }

    @Test("what the flags do not allow is part of the plan: 3, and 0 with the flag")
    func refusals() async throws {
        try await TestCluster.with {
            $0.addBarePod("ops", "shell", on: TestCluster.node, .quick)
        } _: { cluster in
            try await plan(cluster) { agent, code in
                #expect(code == 3 && agent.child.output.lines[0].hasSuffix("(--force): ops/shell"))
            }
            try await plan(cluster, ["--force"]) { _, code in #expect(code == 0) }
        }
    }

    @Test("what stops the plan is an error with 1: no such node, no permission, no server")
    func failures() async throws {
        try await TestCluster.with {
            $0.addShop()
            $0.access.denied = [AccessAttributes("list", .pods)]
        } _: { cluster in
            try await plan(cluster) { agent, code in
                #expect(code == 1 && agent.child.output.lines.isEmpty)
                #expect(agent.child.error.text.contains("cannot list the pods of node-a: pods is forbidden"))
                #expect(agent.child.error.text.contains("docs/permissions.md"))
            }
            let gone = ["plan", "node-x", "--kubeconfig", cluster.kubeconfig]
            try await AgentProcess.with(gone, in: cluster.directory) { agent in
                #expect(await agent.exitCode() == 1)
                #expect(agent.child.error.lines.count == 1)
                let start =
                    #"drain-agent: cannot read node node-x: nodes "node-x" not found (404). That was "# + cluster.server
                #expect(agent.child.error.text.hasPrefix(start))
                #expect(agent.child.error.text.contains("kubectl get nodes"))
            }
            await cluster.simulated.stop()
            try await plan(cluster, ["--startup-timeout", "1s"]) { agent, code in
                #expect(code == 1 && agent.child.error.lines.count == 1)
            }
        }
    }

    @Test("GET /plan is guarded, kept for a while, and the same as the command's JSON")
    func route() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            let token = "\(cluster.directory)/token"
            try cluster.write("s3cret\n", to: token)
            try await cluster.run(["--control-token-file", token]) { agent in
                let url = try await agent.address() + "/plan"
                #expect(try await agent.ask("GET", url).status == 401)
                let answer = try await agent.ask("GET", url, headers: [("Authorization", "Bearer s3cret")])
                #expect(answer.status == 200)
                let plan = try decode(answer.text)
                #expect(plan["pods"]?.items.map { $0["outlook"]?.string } == ["never"])
                let again = try await agent.ask("GET", "http://drain-agent/plan", socket: cluster.socket)
                #expect(again.text == answer.text)
            }
        }
    }

    @Test("GET /plan answers 503 with the reason while the API server says nothing, and forgets that")
    func routeUnavailable() async throws {
        try await TestCluster.with {
            $0.addShop()
            $0.access.denied = [AccessAttributes("list", .pods)]
        } _: { cluster in
            try await cluster.run { agent in
                _ = try await agent.address()
                let refused = try await agent.ask("GET", "http://drain-agent/plan", socket: cluster.socket)
                #expect(refused.status == 503 && refused.text.contains("cannot list the pods of node-a"))
                cluster.change { $0.access.denied = [] }
                let answer = try await agent.ask("GET", "http://drain-agent/plan", socket: cluster.socket)
                #expect(answer.status == 200)
            }
        }
    }

    @Test("--preflight fail does not cordon a node whose pods can never go; the drain says why, and fails")
    func preflight() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            try await cluster.drain(["--preflight", "fail"]) { agent, code in
                #expect(code == 1)
                #expect(agent.child.error.text.contains("can never go: PodDisruptionBudget shop/pay-budget wants 1"))
            }
            #expect(!cluster.isUnschedulable)
        }
    }
}
