import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Scheduler")
struct SchedulerTests {
    @Test("pods that found no node are bound when one is uncordoned")
    func uncordon() {
        var model = Scenario.empty()
        for node in ["node-a", "node-b"] { model.perform(.setUnschedulable(node: node, true)) }
        model.addDeployment("demo", "web", replicas: 0)
        model.perform(.scale(namespace: "demo", workload: "web", replicas: 2))
        model.advance(to: model.now)
        #expect(model.pods().map(\.spec.nodeName) == ["", ""])
        model.perform(.setUnschedulable(node: "node-b", false))
        model.advance(to: model.now)
        #expect(model.pods().map(\.spec.nodeName) == ["node-b", "node-b"])
    }

    @Test("a node selector is obeyed")
    func selector() {
        var model = Scenario.empty()
        var template = PodTemplate()
        template.nodeSelector = ["kubernetes.io/hostname": "node-b"]
        model.addDeployment("demo", "web", replicas: 3, template)
        #expect(model.pods().map(\.spec.nodeName) == ["node-b", "node-b", "node-b"])
    }

    @Test("pods are spread over the nodes")
    func spread() {
        var model = Scenario.empty()
        model.addDeployment("demo", "web", replicas: 4)
        #expect(model.pods(on: "node-a").count == 2)
    }

    @Test("a cordon is followed by the taint, an uncordon takes it away")
    func taint() {
        var timing = Timing.instant
        timing.taint = .after(.seconds(1))
        var model = Scenario.empty(timing)
        func taints(_ model: ClusterModel) -> [String] {
            var model = model
            guard case .success(_, .node(let node)) = model.exchange(.readNode("node-a"), at: model.now).answer else {
                return []
            }
            return node.spec.taints.map(\.key)
        }
        model.perform(.setUnschedulable(node: "node-a", true))
        #expect(taints(model).isEmpty)
        model.advance(to: Scenario.start + .seconds(1))
        #expect(taints(model) == ["node.kubernetes.io/unschedulable"])
        model.perform(.setUnschedulable(node: "node-a", false))
        model.advance(to: Scenario.start + .seconds(2))
        #expect(taints(model).isEmpty)
    }
}
