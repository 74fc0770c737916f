public import KubernetesAPI

/// Why an Event is written: the word that `kubectl get events` shows. docs/events.md says what each means.
public enum ClusterEventReason: String, Sendable, CaseIterable {
    // On the node.
    case drainStarted = "DrainStarted"
    case drainResumed = "DrainResumed"
    case drainWaiting = "DrainWaiting"
    case drainTurnLost = "DrainTurnLost"
    case nodeCordoned = "NodeCordoned"
    case uncordonedByOther = "DrainUncordonedByOther"
    case overrunProjected = "DrainOverrunProjected"
    case budgetCannotAllow = "BudgetCannotAllow"
    case workloadRestarted = "WorkloadRestarted"
    case unblockRefused = "UnblockRefused"
    case podDeletedAtDeadline = "PodDeletedAtDeadline"
    case drainCompleted = "DrainCompleted"
    case drainIncomplete = "DrainIncomplete"
    case drainTimedOut = "DrainTimedOut"
    case drainCancelled = "DrainCancelled"
    case drainFailed = "DrainFailed"
    // On a pod.
    case drainBlocked = "DrainBlocked"
    case drainUnblocked = "DrainUnblocked"
    case stuckTerminating = "StuckTerminating"
    case drainEvicted = "DrainEvicted"
    case drainEvictionFailed = "DrainEvictionFailed"

    /// Warning: somebody may have to do something.
    public var level: ClusterEvent.Level {
        switch self {
        case .drainStarted, .drainResumed, .drainWaiting, .nodeCordoned, .workloadRestarted, .drainCompleted,
            .drainUnblocked, .drainEvicted:
            .normal
        case .drainTurnLost, .uncordonedByOther, .overrunProjected, .budgetCannotAllow, .unblockRefused,
            .podDeletedAtDeadline, .drainIncomplete, .drainTimedOut, .drainCancelled, .drainFailed, .drainBlocked,
            .stuckTerminating, .drainEvictionFailed:
            .warning
        }
    }
}

/// Conditions of the node that say how its drain stands, as KEP-5683 names them.
public enum DrainCondition: String, Sendable, CaseIterable {
    case inProgress = "DrainInProgress"
    case drained = "Drained"
}

/// What became of an Event.
enum ClusterEventFate: String, CaseIterable, Sendable { case written, dropped, failed }
