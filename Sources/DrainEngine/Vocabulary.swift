/// Where a pod of the drain is. The raw value is the metric label, the span attribute and the log field.
public enum PodPhase: String, Sendable, CaseIterable {
    /// Not asked for yet. → evicting, blocked (a sibling was refused by its budget), terminating, gone
    case queued
    /// A request is in flight. → terminating, blocked, retrying, failed, gone
    case evicting
    /// A budget or a webhook said not now. → evicting, terminating, gone
    case blocked
    /// The API could not answer. → evicting, failed, terminating, gone
    case retrying
    /// The eviction was accepted, or somebody else deleted it. → gone
    case terminating
    /// Absent, or present under another UID or on another node. The end. → queued (should the last list show it again)
    case gone
    /// It will not be evicted by us. → gone (somebody else may still take it away)
    case failed
}

/// Where a drain is.
public enum DrainState: String, Sendable, CaseIterable {
    case idle, waiting, cordoning, draining, completed, incomplete
    case timedOut = "timed_out"
    case cancelled, failed

    public init(_ outcome: DrainOutcome) {
        switch outcome {
        case .completed: self = .completed
        case .incomplete: self = .incomplete
        case .timedOut: self = .timedOut
        case .cancelled: self = .cancelled
        case .failed: self = .failed
        }
    }
}

/// How a drain ended.
public enum DrainOutcome: String, Sendable, CaseIterable {
    /// A consistent list showed no target left.
    case completed
    /// Some pods will never be evicted by us.
    case incomplete
    /// The deadline came first.
    case timedOut = "timed_out"
    case cancelled
    /// It could not start: nothing was evicted.
    case failed
}

/// Why a pod is left alone.
public enum ExclusionReason: String, Sendable, CaseIterable {
    /// A static pod's mirror: the kubelet owns it.
    case mirror
    /// A DaemonSet owns it, and would put it back.
    case daemonset
    /// Our own pod.
    case `self`
    /// The pod selector does not match.
    case selector
    /// Its annotation `drain-agent.dev/evict` says `false`.
    case annotation
    /// It has been terminating for too long to wait for.
    case terminating
    /// It came to the node after the cordon.
    case arrived
}

/// What became of a pod.
public enum PodResult: String, Sendable, CaseIterable {
    /// Our eviction was accepted, and it is gone.
    case evicted
    /// It went without our doing.
    case vanished
    case failed
}

/// How a wait on a budget ended.
public enum WaitOutcome: String, Sendable, CaseIterable {
    case allowed
    /// The drain ended, or gave the pod up, first.
    case abandoned
}

/// Who says not now.
public enum Blocker: Sendable, Hashable {
    case budget(namespace: String, name: String)
    /// More than one budget selects the pod; the API server refuses to choose.
    case severalBudgets(namespace: String)
    /// An admission webhook or a ValidatingAdmissionPolicy.
    case webhook(name: String)
}

extension Blocker: CustomStringConvertible {
    /// For people.
    public var description: String {
        switch self {
        case .budget(let namespace, let name): "budget \(namespace)/\(name)"
        case .severalBudgets(let namespace): "several budgets of namespace \(namespace)"
        case .webhook(let name): "webhook \(name)"
        }
    }
}

/// What began a drain.
public enum DrainTrigger: String, Sendable, CaseIterable, Codable {
    case sigterm, http, prestop, command
}

/// What others depend on leaves last: three tiers by priority.
public enum PodTier: Int, Sendable, CaseIterable, Comparable {
    case ordinary, clusterCritical, nodeCritical

    /// The values are those of the classes `system-cluster-critical` and `system-node-critical`.
    public init(priority: Int64) {
        switch priority {
        case 2_000_001_000...: self = .nodeCritical
        case 2_000_000_000...: self = .clusterCritical
        default: self = .ordinary
        }
    }

    public var name: String {
        switch self {
        case .ordinary: "ordinary"
        case .clusterCritical: "system-cluster-critical"
        case .nodeCritical: "system-node-critical"
        }
    }

    public static func < (a: PodTier, b: PodTier) -> Bool { a.rawValue < b.rawValue }
}
