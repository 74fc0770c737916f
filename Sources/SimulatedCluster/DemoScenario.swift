public import ClusterModel
internal import KubernetesAPI
public import Timestamps

/// The cluster of `drain-agent demo`: three nodes, one of them to be drained, with a bit of everything on it.
public struct DemoScenario: Sendable {
    public static let node = "node-a"

    /// How fast everything is: 1 for people to watch, less for tests.
    public var pace: Double

    public init(pace: Double = 1) { self.pace = pace }

    public func model(seed: UInt64 = 1, at start: Timestamp) -> ClusterModel {
        var timing = Timing()
        timing.containerStart = lasting(0.3)
        var model = ClusterModel(seed: seed, at: start, timing: timing)
        for name in [Self.node, "node-b", "node-c"] {
            model.addNode(name, labels: ["topology.kubernetes.io/zone": "z1"])
        }
        for name in ["default", "kube-system"] { model.addNamespace(name) }
        addShop(to: &model)
        addData(to: &model)
        addSystem(to: &model)
        // Once the drain runs, somebody on duty finds the budget that can never allow, and mends it.
        model.schedule(
            .patchBudget(namespace: "shop", name: "payments", BudgetPatch(limit: .minAvailable(.int(0)))),
            after: duration(15), cordonOf: Self.node)
        return model
    }

    private func addShop(to model: inout ClusterModel) {
        let a = Self.node
        let web = template(ready: 2, stop: 1, image: "registry.example/shop/web:4.2")
        model.addDeployment("shop", "web", replicas: 6, on: [a, a, a, a, "node-b", "node-c"], web)
        model.addBudget("shop", "web", .maxUnavailable(.int(1)), selecting: ["app": "web"])
        let cart = template(ready: 1.5, stop: 1, image: "registry.example/shop/cart:1.9")
        model.addDeployment("shop", "cart", replicas: 3, on: [a, a, "node-b"], cart)
        model.addBudget("shop", "cart", .minAvailable(.int(2)), selecting: ["app": "cart"])
        let payments = template(ready: 1, stop: 5, image: "registry.example/shop/payments:2.0")
        model.addDeployment("shop", "payments", replicas: 1, on: [a], payments)
        model.addBudget("shop", "payments", .minAvailable(.int(1)), selecting: ["app": "payments"])
        var search = template(ready: 1, stop: 1, image: "registry.example/shop/search:7")
        search.hasEmptyDir = true
        model.addDeployment("shop", "search", replicas: 2, on: [a, "node-c"], search)
        model.addDeployment("shop", "checkout", replicas: 2, on: [a, a], template(ready: 1, stop: 2))
    }

    private func addData(to model: inout ClusterModel) {
        let a = Self.node
        model.addStatefulSet("data", "db", replicas: 3, on: [a, "node-b", "node-c"], template(ready: 3, stop: 3))
        model.addBudget("data", "db", .maxUnavailable(.int(1)), selecting: ["app": "db"])
        // Eight seconds to write its snapshot.
        model.addDeployment("data", "cache", replicas: 1, on: [a], template(ready: 1, stop: 8))
        model.addJob("data", "backup", phase: "Succeeded", on: a, template(ready: 1, stop: 1))
        model.addBarePod("data", "debug-shell", on: a, template(ready: 1, stop: 1))
    }

    private func addSystem(to model: inout ClusterModel) {
        let a = Self.node
        model.addDaemonSet("kube-system", "node-exporter", template(ready: 1, stop: 1))
        model.addBarePod(
            "kube-system", "log-shipper-x7k2p", on: a,
            owner: OwnerReference(
                apiVersion: "apps/v1", kind: "DaemonSet", name: "log-shipper",
                uid: "0179c0da-822c-41b0-a71e-2c370ac2a43f"),
            template(ready: 1, stop: 1))
        var proxy = template(ready: 1, stop: 1)
        proxy.priority = 2_000_001_000
        model.addStaticPod("kube-system", "kube-proxy", on: a, proxy)
        var dns = template(ready: 1, stop: 2, image: "registry.example/coredns:1.12")
        dns.priority = 2_000_000_000
        model.addDeployment("kube-system", "coredns", replicas: 2, on: [a, "node-b"], dns)
        model.addBudget("kube-system", "coredns", .maxUnavailable(.int(1)), selecting: ["app": "coredns"])
    }

    private func template(
        ready: Double, stop: Double, image: String = "registry.example/app:1"
    ) -> PodTemplate {
        var template = PodTemplate(readyAfter: lasting(ready), stopAfter: lasting(stop))
        template.container.image = image
        return template
    }

    /// Seconds at this pace.
    private func duration(_ seconds: Double) -> Duration { .seconds(seconds * pace) }

    /// About that long, a tenth more or less.
    private func lasting(_ seconds: Double) -> Delay { .between(duration(seconds * 0.9), duration(seconds * 1.1)) }
}
