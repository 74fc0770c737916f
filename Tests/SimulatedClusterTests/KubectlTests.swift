import ClusterModel
import SimulatedCluster
import TestSupport
import Testing
import Timestamps

/// The real kubectl against the simulated cluster.
@Suite("kubectl", .enabled(if: Kubectl.path != nil), .timeLimit(.minutes(3)))
struct KubectlTests {
    private struct World {
        let cluster: SimulatedCluster
        let kubectl: Kubectl

        /// The demo's cluster, at a tenth of its durations.
        init() throws {
            let time = TimeSource.anchored()
            cluster = SimulatedCluster(DemoScenario(pace: 0.1).model(at: time.now()), time: time)
            kubectl = try Kubectl(kubeconfig: SimulatedCluster.kubeconfig(server: try cluster.start()))
        }

        func end() async throws {
            await cluster.stop()
            try kubectl.remove()
        }
    }

    @Test("tables have the usual columns")
    func tables() async throws {
        let world = try World()
        let nodes = try await world.kubectl("get", "nodes")
        #expect(nodes.rows.first == ["NAME", "STATUS", "ROLES", "AGE", "VERSION"])
        #expect(nodes.rows.dropFirst().map(\.[0]) == ["node-a", "node-b", "node-c"])
        let pods = try await world.kubectl("get", "pods", "-A", "-o", "wide")
        #expect(pods.rows.first?.prefix(6) == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"])
        #expect(pods.rows.contains { $0.prefix(2) == ["data", "db-0"] && $0.contains("node-a") })
        let budgets = try await world.kubectl("get", "pdb", "-n", "shop", "payments", "--no-headers")
        #expect(budgets.rows == [["payments", "1", "N/A", "0", "60m"]])
        let deployments = try await world.kubectl("get", "deploy", "-n", "shop", "web", "--no-headers")
        #expect(deployments.rows.first?.prefix(4) == ["web", "6/6", "6", "6"])
        try await world.end()
    }

    @Test("a node is cordoned and uncordoned")
    func cordon() async throws {
        let world = try World()
        #expect(try await world.kubectl("cordon", "node-b").output == "node/node-b cordoned\n")
        #expect(try await world.kubectl("get", "node", "node-b").output.contains("Ready,SchedulingDisabled"))
        #expect(try await world.kubectl("uncordon", "node-b").output == "node/node-b uncordoned\n")
        #expect(try await !world.kubectl("get", "node", "node-b").output.contains("SchedulingDisabled"))
        try await world.end()
    }

    @Test("a pod is deleted and waited for, and a person may mend a budget")
    func writes() async throws {
        let world = try World()
        #expect(try await world.kubectl("delete", "pod", "-n", "data", "debug-shell").succeeded)
        #expect(try await !world.kubectl("get", "pod", "-n", "data", "debug-shell").succeeded)
        let patch = #"{"spec":{"minAvailable":0}}"#
        #expect(try await world.kubectl("patch", "pdb", "-n", "shop", "payments", "-p", patch).succeeded)
        #expect(try await world.kubectl("scale", "deploy", "-n", "shop", "payments", "--replicas", "2").succeeded)
        let budget = try await world.kubectl("get", "pdb", "-n", "shop", "payments", "--no-headers")
        #expect(budget.rows.first?.prefix(2) == ["payments", "0"])
        try await world.end()
    }

    @Test("the demo's node is drained, and only what must stay is left")
    func drain() async throws {
        let world = try World()
        let drain = try await world.kubectl(
            "drain", "node-a", "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout", "50s")
        #expect(drain.succeeded, "\(drain.complaints)")
        let left = try await world.kubectl(
            "get", "pods", "-A", "--field-selector", "spec.nodeName=node-a", "-o", "name")
        #expect(left.rows.count == 2)
        #expect(left.output.contains("pod/kube-proxy-node-a"))
        #expect(left.output.contains("pod/node-exporter-"))
        try await world.end()
    }
}
