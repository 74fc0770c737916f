import ClusterModel
import KubernetesAPI
import Timestamps

/// Small clusters for tables of rules.
enum Scenario {
    static let start = Timestamp(seconds: 1_800_000_000)

    /// Two nodes and a namespace `demo`; nothing takes any time unless said.
    static func empty(_ timing: Timing = .instant, seed: UInt64 = 1) -> ClusterModel {
        var model = ClusterModel(seed: seed, at: start, timing: timing)
        model.addNode("node-a")
        model.addNode("node-b")
        model.addNamespace("demo")
        return model
    }

    /// A pod `bare` on node-a that takes two seconds to stop.
    static func barePod(_ change: (inout PodTemplate) -> Void = { _ in }) -> ClusterModel {
        var model = empty()
        var template = PodTemplate(stopAfter: .after(.seconds(2)))
        change(&template)
        model.addBarePod("demo", "bare", on: "node-a", template)
        return model
    }

    /// A deployment `web` with all its pods on node-a, ready two seconds after binding, and a budget over it.
    static func web(
        _ limit: BudgetLimit, replicas: Int = 3, policy: UnhealthyPodEvictionPolicy? = nil, timing: Timing = .instant
    ) -> ClusterModel {
        var model = empty(timing)
        let template = PodTemplate(readyAfter: .after(.seconds(2)), stopAfter: .after(.seconds(1)))
        model.addDeployment(
            "demo", "web", replicas: replicas, on: Array(repeating: "node-a", count: replicas), template)
        model.addBudget("demo", "web", limit, selecting: ["app": "web"], unhealthyPodEvictionPolicy: policy)
        return model
    }
}

extension ClusterModel {
    mutating func status(_ eviction: EvictionRequest, after delay: Duration = .zero) -> APIStatus? {
        guard case .status(let status) = handle(.evict(eviction), at: now + delay).answer else { return nil }
        return status
    }

    mutating func evict(_ name: String, uid: String? = nil, dryRun: Bool = false) -> APIStatus? {
        status(EvictionRequest(namespace: "demo", name: name, uid: uid, dryRun: dryRun))
    }

    /// The pods of `demo`, or those on one node.
    func pods(on node: String? = nil) -> [Pod] {
        var copy = self
        let answer = copy.handle(.list(ListQuery(.pods, namespace: "demo", node: node)), at: now).answer
        guard case .list(let list) = answer else { return [] }
        return list.items.compactMap { if case .pod(let record) = $0 { record.pod } else { nil } }
    }

    func pod(_ name: String) -> Pod? { pods().first { $0.metadata.name == name } }

    func budgetStatus(_ name: String) -> BudgetStatus? {
        var copy = self
        let answer = copy.handle(.get(.budgets, namespace: "demo", name: name), at: now).answer
        guard case .object(_, .budget(let record)) = answer else { return nil }
        return record.status
    }
}
