public import KubernetesAPI
public import Timestamps

/// A PodDisruptionBudget as the cluster knows it.
public struct BudgetRecord: Sendable, Equatable {
    public var metadata: ObjectMeta
    public var limit: BudgetLimit
    public var matchLabels: [String: String]
    public var unhealthyPodEvictionPolicy: UnhealthyPodEvictionPolicy?
    public var status = BudgetStatus()
    var isDeleted = false
    var isSyncDue = false

    /// An empty selector selects nothing here, as in the eviction's own look-up.
    func selects(_ pod: ObjectMeta) -> Bool {
        guard !isDeleted, pod.namespace == metadata.namespace, !matchLabels.isEmpty else { return false }
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

/// A number of pods, or a share of them.
public enum IntOrPercent: Sendable, Equatable {
    case count(Int)
    case percent(Int)

    /// As Kubernetes writes it: `3`, `50%`.
    public init?(_ text: some StringProtocol) {
        if text.hasSuffix("%") {
            guard let number = Int(text.dropLast()), (0...100).contains(number) else { return nil }
            self = .percent(number)
        } else {
            guard let number = Int(text), number >= 0 else { return nil }
            self = .count(number)
        }
    }

    /// Of `total` pods; shares are rounded up.
    func of(_ total: Int) -> Int {
        switch self {
        case .count(let number): number
        case .percent(let share): (share * total + 99) / 100
        }
    }
}

public struct BudgetStatus: Sendable, Equatable {
    public var observedGeneration = 0
    public var disruptionsAllowed = 0
    public var currentHealthy = 0
    public var desiredHealthy = 0
    public var expectedPods = 0
    /// Pods whose eviction was accepted and not seen yet, by name.
    public var disruptedPods: [String: Timestamp] = [:]
    public var conditions: [Condition] = []

    var failedSyncMessage: String? { conditions.first { $0.reason == "SyncFailed" }?.message }
}
