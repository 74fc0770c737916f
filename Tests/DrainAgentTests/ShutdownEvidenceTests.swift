import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent

@Suite struct ShutdownEvidenceTests {
    private func node(_ change: (inout Node) -> Void = { _ in }) -> Node {
        var node = Node(
            metadata: ObjectMeta(name: "node-a"),
            status: NodeStatus(conditions: [Condition(type: "Ready", message: "kubelet is posting ready status")]))
        change(&node)
        return node
    }

    private func pod(_ reason: String, _ status: String = "True") -> Pod {
        var pod = Pod.stub("agent")
        pod.status.conditions = [Condition(type: "DisruptionTarget", status: status, reason: reason)]
        return pod
    }

    @Test("a rollout, a failed probe or a deleted pod prove nothing about the node")
    func nothing() {
        #expect(ShutdownEvidence.find(node: node(), own: nil) == nil)
        #expect(ShutdownEvidence.find(node: node(), own: .stub("agent", deletion: Timestamp(seconds: 1))) == nil)
        #expect(ShutdownEvidence.find(node: node(), own: pod("EvictionByEvictionAPI")) == nil)
        #expect(ShutdownEvidence.find(node: node(), own: pod("TerminationByKubelet", "False")) == nil)
    }

    @Test("somebody cordoned the node")
    func cordoned() { #expect(ShutdownEvidence.find(node: node { $0.spec.unschedulable = true }, own: nil) != nil) }

    @Test("the node object is being deleted")
    func deleted() {
        let going = node { $0.metadata.deletionTimestamp = Timestamp(seconds: 1) }
        #expect(ShutdownEvidence.find(node: going, own: nil) != nil)
    }

    @Test("a taint of those who take nodes away is proof, and named", arguments: ShutdownEvidence.taints.sorted())
    func taints(key: String) throws {
        let tainted = node { $0.spec.taints = [Taint(key: "dedicated"), Taint(key: key)] }
        #expect(try #require(ShutdownEvidence.find(node: tainted, own: nil)).contains(key))
    }

    @Test(
        "any other taint is none",
        arguments: ["dedicated", "node.kubernetes.io/not-ready", "karpenter.sh/nodepool", ""])
    func otherTaints(key: String) {
        #expect(ShutdownEvidence.find(node: node { $0.spec.taints = [Taint(key: key)] }, own: nil) == nil)
    }

    @Test(
        "a node that is not ready is going only if it says so",
        arguments: [
            ("False", "node is shutting down", true), ("Unknown", "node is shutting down", true),
            ("False", "container runtime is down", false), ("True", "kubelet recovered from a shutdown", false),
            ("Unknown", "Kubelet stopped posting node status.", false),
        ])
    func notReady(status: String, message: String, isGoing: Bool) {
        let seen = node { $0.status.conditions = [Condition(type: "Ready", status: status, message: message)] }
        #expect((ShutdownEvidence.find(node: seen, own: nil) != nil) == isGoing)
    }

    @Test("the kubelet ends our pod with the node")
    func byKubelet() { #expect(ShutdownEvidence.find(node: node(), own: pod("TerminationByKubelet")) != nil) }
}
