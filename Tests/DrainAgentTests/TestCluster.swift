import ClusterModel
import FoundationEssentials
import HTTPServer
import KubernetesAPI
import SimulatedCluster
import TestSupport
import Timestamps

/// A simulated API server for one test, with a directory for the test's files and a kubeconfig in it.
struct TestCluster: Sendable {
    static let node = "node-a"

    let simulated: SimulatedCluster
    let server: String
    let directory: String

    var kubeconfig: String { "\(directory)/kubeconfig" }
    var socket: String { "\(directory)/control.sock" }
    var spans: String { "\(directory)/spans.jsonl" }
    var terminationLog: String { "\(directory)/termination-log" }

    /// Two nodes, and on `node-a` what `build` puts there; everything in it is quick.
    static func with(
        token: String? = nil, watchLog: Int = 1000, _ build: (inout ClusterModel) -> Void,
        _ body: (TestCluster) async throws -> Void
    ) async throws {
        let time = TimeSource.anchored()
        var model = ClusterModel(seed: 7, at: time.now(), timing: .quick, watchLog: watchLog)
        model.addNode(node)
        model.addNode("node-b")
        build(&model)
        let simulated = SimulatedCluster(model, time: time)
        simulated.require(token: token)
        let directory = FileManager.default.temporaryDirectory.appending(path: "drain-agent-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let cluster = TestCluster(simulated: simulated, server: try simulated.start(), directory: directory)
        do {
            try cluster.write(cluster.kubeconfigText(token: token), to: cluster.kubeconfig)
            try await body(cluster)
        } catch {
            await cluster.remove()
            throw error
        }
        await cluster.remove()
    }

    func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    func read(_ path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    }

    /// The names of the pods that are on the node now.
    var podsOnNode: [String] { simulated.withModel { $0.pods(on: Self.node).map(\.metadata.name).sorted() } }

    var isUnschedulable: Bool {
        simulated.withModel { model in
            let answer = model.handle(.get(.nodes, namespace: nil, name: Self.node), at: model.now).answer
            guard case .object(_, .node(let record)) = answer else { return false }
            return record.node.spec.unschedulable
        }
    }

    /// Somebody, or chance, does something to the cluster; or looks.
    @discardableResult
    func change<Result>(_ body: (inout ClusterModel) -> Result) -> Result { simulated.withModel(body) }

    var revision: Int { simulated.withModel { $0.revision } }

    private func remove() async {
        await simulated.stop()
        // What cannot be removed is left to the system's temporary directory.
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func kubeconfigText(token: String?) -> String {
        let text = SimulatedCluster.kubeconfig(server: server)
        guard let token else { return text }
        return text.replacing("user: {}", with: "user: {token: \(token)}")
    }
}

extension ClusterModel {
    mutating func pods(on node: String) -> [Pod] {
        guard case .list(let list) = handle(.list(ListQuery(.pods, node: node)), at: now).answer else { return [] }
        return list.items.compactMap { if case .pod(let record) = $0 { record.pod } else { nil } }
    }

    /// A web shop of two pods that a budget lets go one by one, and what a drain leaves.
    mutating func addShop() {
        addDeployment("shop", "web", replicas: 2, on: [TestCluster.node, TestCluster.node], .quick)
        addBudget("shop", "web", .maxUnavailable(.int(1)), selecting: ["app": "web"])
        addJob("shop", "report", phase: "Succeeded", on: TestCluster.node, .quick)
        addDaemonSet("kube-system", "exporter", .quick)
        addStaticPod("kube-system", "proxy", on: TestCluster.node, .quick)
    }

    /// A pod that no eviction is ever allowed for.
    mutating func addFrozen() {
        addDeployment("shop", "pay", replicas: 1, on: [TestCluster.node], .quick)
        addBudget("shop", "pay-budget", .minAvailable(.int(1)), selecting: ["app": "pay"])
    }

    /// A pod that its eviction makes terminating, and that then stays so.
    mutating func addStuck() {
        var template = PodTemplate.quick
        template.stopAfter = .never
        addDeployment("data", "stuck", replicas: 1, on: [TestCluster.node], template)
    }
}

extension PodTemplate {
    static var quick: PodTemplate {
        PodTemplate(readyAfter: .after(.milliseconds(20)), stopAfter: .after(.milliseconds(20)))
    }
}

extension Timing {
    static var quick: Timing {
        var timing = Timing.instant
        timing.replacement = .after(.milliseconds(5))
        timing.budgetSync = .after(.milliseconds(5))
        timing.removal = .after(.milliseconds(5))
        return timing
    }
}
