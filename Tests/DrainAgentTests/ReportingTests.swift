import ClusterModel
import Glibc
import KubernetesAPI
import TestSupport
import Testing

@testable import DrainAgent

/// What a drain leaves in the cluster for people: Events and conditions.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ReportingTests {
    private func reasons(_ cluster: TestCluster) -> [String] {
        cluster.change { $0.postedEvents.map { "\($0.involvedKind) \($0.involvedName.prefix(6)) \($0.reason)" } }
    }

    private func conditions(_ cluster: TestCluster) -> [String] {
        cluster.change { model in
            let answer = model.handle(.get(.nodes, namespace: nil, name: TestCluster.node), at: model.now).answer
            guard case .object(_, .node(let record)) = answer else { return [] }
            return record.node.status.conditions.filter { $0.type.hasPrefix("Drain") }
                .map { "\($0.type)=\($0.status) \($0.reason)" }.sorted()
        }
    }

    @Test("a drain that is completed: three Events on the node, both conditions")
    func completed() async throws {
        try await TestCluster.with({ $0.addShop() }) { cluster in
            try await cluster.drain(["--force"]) { _, code in #expect(code == 0) }
            #expect(
                reasons(cluster) == [
                    "Node node-a DrainStarted", "Node node-a NodeCordoned", "Node node-a DrainCompleted",
                ])
            #expect(
                conditions(cluster) == ["DrainInProgress=False DrainCompleted", "Drained=True DrainCompleted"])
        }
    }

    @Test("the sidecar, too, has written its last Event before it goes; --pod-events has one for each pod")
    func sidecar() async throws {
        try await TestCluster.with({ $0.addShop() }) { cluster in
            try await cluster.run(["--pod-events"]) { agent in
                _ = try await agent.address()
                agent.child.send(SIGTERM)
                #expect(await agent.exitCode() == 0)
            }
            #expect(reasons(cluster).count { $0.hasSuffix("DrainEvicted") } == 3)
            #expect(reasons(cluster).contains("Node node-a DrainCompleted"))
        }
    }

    @Test(
        "switched off, and in a dry run, nothing is written",
        arguments: [
            ["--no-events", "--no-node-conditions"], ["--dry-run", "server"], ["--dry-run", "client"],
        ])
    func nothing(arguments: [String]) async throws {
        try await TestCluster.with({ $0.addShop() }) { cluster in
            try await cluster.drain(["--force"] + arguments) { _, code in #expect(code == 0) }
            #expect(reasons(cluster).isEmpty && conditions(cluster).isEmpty)
        }
    }

    @Test("a pod that is blocked for good is told so, and the node says which budget")
    func blocked() async throws {
        try await TestCluster.with({ $0.addFrozen() }) { cluster in
            try await cluster.drain(["--timeout", "4s"]) { _, code in #expect(code == 4) }
            let reasons = reasons(cluster)
            #expect(reasons.contains("Node node-a BudgetCannotAllow"), "\(reasons)")
            #expect(reasons.contains { $0.hasPrefix("Pod pay") && $0.hasSuffix("DrainBlocked") }, "\(reasons)")
            #expect(reasons.last == "Node node-a DrainTimedOut")
        }
    }

    @Test("without the permissions a drain is completed as ever, and each is said once")
    func forbidden() async throws {
        try await TestCluster.with({ model in
            model.addShop()
            model.access.denied = [
                AccessAttributes("create", .events), AccessAttributes("patch", .nodes, subresource: "status"),
            ]
        }) { cluster in
            try await cluster.drain(["--force", "--log-level", "warning"]) { agent, code in
                #expect(code == 0)
                let lines = agent.child.error.lines
                #expect(lines.count { $0.contains("cannot write Events") } == 1)
                #expect(lines.count { $0.contains("cannot write the node's conditions") } == 1)
            }
        }
    }
}
