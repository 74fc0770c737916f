public import KubernetesAPI

/// A PodDisruptionBudget as the cluster knows it.
public struct BudgetRecord: Sendable, Equatable {
    public var metadata: ObjectMeta
    public var limit: BudgetLimit
    public var matchLabels: [String: String]
    public var unhealthyPodEvictionPolicy: UnhealthyPodEvictionPolicy?
    public var status = BudgetStatus()
    var isDeleted = false
    var isSyncDue = false

    /// As a client reads it.
    public var budget: Budget {
        var spec = BudgetSpec(
            selector: LabelSelector(
                matchLabels.sorted { $0.key < $1.key }.map { .isIn(key: $0.key, values: [$0.value]) }),
            unhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy?.rawValue)
        switch limit {
        case .minAvailable(let number): spec.minAvailable = number
        case .maxUnavailable(let number): spec.maxUnavailable = number
        }
        return Budget(metadata: metadata, spec: spec, status: status)
    }

    /// An empty selector selects everything in the namespace, as in `policy/v1`.
    func selects(_ pod: ObjectMeta) -> Bool {
        guard !isDeleted, pod.namespace == metadata.namespace else { return false }
        return matchLabels.allSatisfy { pod.labels[$0.key] == $0.value }
    }
}

/// A budget's promise.
public enum BudgetLimit: Sendable, Equatable {
    case minAvailable(IntOrPercent)
    case maxUnavailable(IntOrPercent)
}

public enum UnhealthyPodEvictionPolicy: String, Sendable {
    case ifHealthyBudget = "IfHealthyBudget"
    case alwaysAllow = "AlwaysAllow"
}
