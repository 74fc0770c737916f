import ClusterModel
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import DrainAgent

/// `drain-agent drain`: the real binary against a simulated cluster, over HTTP.
@Suite(.serialized, .timeLimit(.minutes(2))) struct DrainCommandTests {
    @Test("drain empties the node, leaves what belongs there, and exits with 0")
    func completes() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.drain { agent, code in
                #expect(code == 0, "\(agent.child.error.text)")
                let lines = agent.child.output.lines
                #expect(lines.first == "node/node-a cordoned")
                #expect(lines.contains("node/node-a: 3 pods to evict, 2 left alone"))
                #expect(lines.contains { $0.hasPrefix("evicting pod shop/web-") })
                #expect(lines.contains { $0.hasPrefix("pod shop/web-") && $0.hasSuffix("is gone") })
                #expect(lines.last?.hasPrefix("node/node-a drained in ") == true)
                #expect(agent.child.error.lines.isEmpty)
            }
            #expect(cluster.podsOnNode.map { $0.prefix(5) } == ["expor", "proxy"])
            #expect(cluster.isUnschedulable)
        }
    }

    @Test("without the flags nothing is touched: the pods and the flags are named")
    func refuses() async throws {
        try await TestCluster.with { model in
            model.addShop()
            var scratch = PodTemplate.quick
            scratch.hasEmptyDir = true
            model.addDeployment("shop", "search", replicas: 1, on: [TestCluster.node], scratch)
            model.addBarePod("ops", "shell", on: TestCluster.node, .quick)
        } _: { cluster in
            let before = cluster.revision
            try await cluster.drain { agent, code in
                #expect(code == 1)
                #expect(agent.child.error.lines.count == 1)
                for word in ["--delete-emptydir-data", "shop/search-", "--force", "ops/shell"] {
                    #expect(agent.child.error.text.contains(word), "\(agent.child.error.text)")
                }
            }
            #expect(cluster.revision == before)
            #expect(!cluster.isUnschedulable)
            try await cluster.drain(["--force", "--delete-emptydir-data"]) { _, code in #expect(code == 0) }
            #expect(cluster.podsOnNode.count == 2)
        }
    }

    @Test("a DaemonSet's pods stop the drain only for who asks for that")
    func daemonSets() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            try await cluster.drain(["--ignore-daemonsets=false"]) { agent, code in
                #expect(code == 1)
                #expect(agent.child.error.text.contains("kube-system/exporter-"))
                #expect(agent.child.error.text.contains("--ignore-daemonsets"))
            }
            #expect(!cluster.isUnschedulable)
        }
    }

    @Test("a dry run changes nothing", arguments: ["client", "server"])
    func dryRun(mode: String) async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            let before = cluster.revision
            try await cluster.drain(["--dry-run=\(mode)"]) { agent, code in
                #expect(code == 0)
                #expect(agent.child.output.text.contains("would be evicted"))
                #expect(agent.child.output.lines.last?.contains("would be drained") == true)
            }
            #expect(cluster.revision == before)
        }
    }

    @Test("a server dry run that meets a budget's no is incomplete, and changes nothing either")
    func serverDryRun() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            let before = cluster.revision
            try await cluster.drain(["--dry-run=server"]) { agent, code in
                #expect(code == 3)
                #expect(agent.child.output.text.contains("pay-budget"))
            }
            #expect(cluster.revision == before)
        }
    }

    @Test("a budget that never allows: timed out, exit 4, and the budget is named wherever one looks")
    func timesOut() async throws {
        try await TestCluster.with { model in
            model.addShop()
            model.addFrozen()
        } _: { cluster in
            let arguments = [
                "drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig, "--timeout", "4s", "--log-level", "info",
                "--log-format", "json", "--spans", cluster.spans, "--listen", "127.0.0.1:0", "--pdb-retry-interval",
                "100ms",
            ]
            try await AgentProcess.with(arguments, in: cluster.directory) { agent in
                let frozen = await agent.child.error.first(containing: "\"pdb\":\"shop/pay-budget\"")
                #expect(frozen?.contains("eviction is blocked") == true)
                let address = try await agent.address()
                let blockers = try await agent.status(address)["blockers"]?.items ?? []
                #expect(blockers.contains { $0["pdb"] == .text("shop/pay-budget") })
                let series = "{pdb_namespace=\"shop\",pdb=\"pay-budget\"}"
                let scrape = try await agent.scrape(address)
                #expect(scrape["drain_pdb_blocked_pods" + series] == 1)
                #expect(scrape["drain_pdb_wait_start_timestamp_seconds" + series] ?? 0 > 1_700_000_000)
                #expect(await agent.exitCode() == 4)
                #expect(agent.child.output.text.contains("timed out"))
                #expect(agent.child.output.text.contains("kubectl uncordon node-a"))
            }
            let spans = try SpanFile(try cluster.read(cluster.spans))
            #expect(spans.isOneTree)
            let waits = spans.named("pdb.wait").filter { $0.attributes["drain.pdb"] == "pay-budget" }
            #expect(waits.count == 1)
            #expect(waits.first?.attributes["drain.wait.outcome"] == "abandoned")
            #expect(spans.named("node.drain").first?.attributes["drain.outcome"] == "timed_out")
            #expect(cluster.podsOnNode.count == 3)
        }
    }

    @Test("without the right to evict the drain is incomplete, exit 3, and the pods are named")
    func mayNotEvict() async throws {
        try await TestCluster.with { model in
            model.addShop()
            model.access.denied = [AccessAttributes("create", .pods, subresource: "eviction")]
        } _: { cluster in
            try await cluster.drain { agent, code in
                #expect(code == 3)
                let failed = agent.child.output.lines.filter { $0.contains("cannot be evicted") }
                #expect(failed.count == 3 && failed.contains { $0.contains("shop/report-") })
                #expect(failed.allSatisfy { $0.contains("pods/eviction") })
                #expect(agent.child.output.lines.contains { $0.contains("not drained: incomplete") })
            }
        }
    }

    @Test("the evictions of one namespace may be forbidden; the others go on")
    func mayNotEvictHere() async throws {
        try await TestCluster.with { model in
            model.addShop()
            model.addDeployment("data", "db", replicas: 1, on: [TestCluster.node], .quick)
            model.access.denied = [AccessAttributes("create", .pods, subresource: "eviction", namespace: "data")]
        } _: { cluster in
            try await cluster.drain { _, code in #expect(code == 3) }
            #expect(cluster.podsOnNode.map { $0.prefix(2) } == ["db", "ex", "pr"])
        }
    }

    @Test(
        "SIGINT in the middle of a drain cancels it: exit 5, and the node stays cordoned",
        arguments: [SIGINT, SIGTERM, SIGHUP])
    func cancelled(signal: Int32) async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            let arguments = ["drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig]
            try await AgentProcess.with(arguments, in: cluster.directory) { agent in
                #expect(await agent.child.output.first(containing: "is blocked by budget shop/pay-budget") != nil)
                agent.child.send(signal)
                #expect(await agent.exitCode() == 5)
                #expect(agent.child.output.text.contains("drain cancelled"))
                #expect(agent.child.output.text.contains("is left cordoned"))
            }
            #expect(cluster.isUnschedulable)
        }
    }

    @Test("an early Ctrl-C is not lost: nothing is evicted after it")
    func cancelledEarly() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            let arguments = ["drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig]
            for _ in 0..<5 {
                try await AgentProcess.with(arguments, in: cluster.directory) { agent in
                    try await agent.masksSignals()
                    agent.child.send(SIGINT)
                    #expect(await agent.exitCode() == 5)
                }
            }
        }
    }

    @Test("who reads only the first line of its output does not stop it")
    func brokenPipe() async throws {
        try await TestCluster.with {
            $0.addShop()
        } _: { cluster in
            let arguments = ["drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig]
            try await AgentProcess.with(arguments, in: cluster.directory, output: .broken) { agent in
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.podsOnNode.count == 2)
        }
    }

    @Test("an API server that is away in the middle of it is waited for")
    func outage() async throws {
        try await TestCluster.with {
            $0.addFrozen()
        } _: { cluster in
            let arguments = [
                "drain", TestCluster.node, "--kubeconfig", cluster.kubeconfig, "--pdb-retry-interval", "100ms",
                "--retry-max-delay", "200ms",
            ]
            try await AgentProcess.with(arguments, in: cluster.directory) { agent in
                #expect(await agent.child.output.first(containing: "is blocked by") != nil)
                cluster.change { model in
                    model.perform(.addFault(Fault(.cut(afterEffect: false))))
                    model.perform(.deleteBudget(namespace: "shop", name: "pay-budget"))
                }
                #expect(await agent.child.output.first(containing: "trying again in") != nil)
                cluster.change { $0.perform(.clearFaults) }
                #expect(await agent.exitCode() == 0)
            }
            #expect(cluster.podsOnNode.isEmpty)
        }
    }
}
