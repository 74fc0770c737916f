public import DrainEngine
public import KubernetesAPI
internal import Timestamps

/// A scripted drain of pods that a budget guards, with the API server's and the disruption controller's part played: an
/// accepted eviction uses the allowance up at once, and a replacement that is ready gives it back.
public final class GuardedNode {
    public let drain: ScriptedDrain
    private let name: String
    private let namespace: String
    /// From an accepted eviction to a ready replacement elsewhere; `nil`: none ever comes.
    private let recovery: Duration?

    public init(
        _ pods: [Pod], name: String = "web", budget: Budget, recovery: Duration? = .seconds(1),
        policy: DrainPolicy = DrainPolicy(node: "node-a"), deadline: Duration? = .seconds(3600)
    ) {
        drain = ScriptedDrain(pods, policy: policy, deadline: deadline)
        self.name = name
        namespace = budget.metadata.namespace
        self.recovery = recovery
        drain.cluster.put(budget, at: ScriptedDrain.epoch)
        drain.script = { [unowned self] call, _ in
            guard case .evict(let pod, let options) = call, !options.dryRun else { return nil }
            return answer(pod)
        }
    }

    public var budget: Budget? { drain.cluster.budgets.first { $0.metadata.name == name } }

    /// A status as the controller would write it.
    public func change(_ body: (inout Budget) -> Void) {
        guard var budget else { return }
        body(&budget)
        drain.put(budget)
    }

    private func answer(_ pod: PodIdentity) -> ScriptedDrain.Reply? {
        guard let budget, let seen = drain.cluster.pods[pod.uid],
            budget.selects(namespace: pod.namespace, labels: seen.metadata.labels), !seen.isTerminating,
            seen.isReady
        else { return nil }
        guard budget.status.disruptionsAllowed > 0 else { return .init(.budget(name)) }
        change { $0.status.disruptionsAllowed -= 1 }
        if let recovery {
            drain.at(drain.elapsed + recovery) { [unowned self] _ in change { $0.status.disruptionsAllowed += 1 } }
        }
        return nil
    }
}

extension Budget {
    /// `maxUnavailable` of so many pods labelled `app: NAME`, all of them healthy.
    public static func stub(
        _ name: String = "web", namespace: String = "demo", maxUnavailable: Int = 1, of pods: Int, app: String? = nil
    ) -> Budget {
        Budget(
            metadata: ObjectMeta(name: name, namespace: namespace, generation: 1),
            spec: BudgetSpec(
                maxUnavailable: .int(maxUnavailable),
                selector: LabelSelector([.isIn(key: "app", values: [app ?? name])])),
            status: BudgetStatus(
                observedGeneration: 1, disruptionsAllowed: maxUnavailable, currentHealthy: pods,
                desiredHealthy: pods - maxUnavailable, expectedPods: pods))
    }
}
