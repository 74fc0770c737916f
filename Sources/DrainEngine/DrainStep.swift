public import KubernetesAPI
public import Timestamps

/// What happened to a drain.
public enum DrainInput: Sendable {
    case start(DrainStart)
    case answered(RequestPurpose, Exchange)
    /// From the watch on that topic of that generation.
    case watch(WatchRequest.Topic, generation: Int, WatchSignal)
    /// Time has passed: something may be due.
    case tick
    /// The time we have is another; `hardEnd`: when everything ends, us included.
    case deadline(Timestamp?, hardEnd: Timestamp? = nil)
    /// No more evictions; `uncordon`: and the node schedulable again, if it was us who cordoned it.
    case cancel(uncordon: Bool)
}

/// What a request was for. An answer brings it back, so a stale one is known.
public enum RequestPurpose: Sendable, Hashable {
    case readNode, plan, cordon, verify, refresh, uncordon
    case daemonSet(DrainPlan.DaemonSetKey)
    case evict(pod: Int, attempt: Int)
    case reviewAccess(namespace: String)
    /// The node again, where it is not watched.
    case refreshNode
    /// The node was made schedulable by others: once more.
    case recordon
    /// The record on the node, when it ends.
    case record
    case budgets(namespace: String?)
    /// Whom a budget guards, and who keeps them in number.
    case budgetPods(BudgetKey)
    case budgetOwner(BudgetKey, Workload.Key)
    case unblock(Workload.Key)
    case deleteAtDeadline(pod: Int)
    /// Counted: the pods may come first again, and an old list says nothing about theirs.
    case volumes(Int)
    /// Before anything is touched.
    case survey(pod: Int)
    /// The same about budgets, their pods and owners; counted, for the drain asks for them, too.
    case surveyRead(Int)
    /// The fleet's Leases; counted, for one request follows another.
    case turn(Int)

    /// Its answer says what we did to the cluster, and is worth waiting for; any other only says what we might do next.
    var changesSomething: Bool {
        switch self {
        case .cordon, .uncordon, .recordon, .record, .evict, .unblock, .deleteAtDeadline: true
        case .readNode, .plan, .verify, .refresh, .daemonSet, .reviewAccess, .refreshNode, .budgets, .budgetPods,
            .budgetOwner, .volumes, .survey, .surveyRead, .turn:
            false
        }
    }
}

/// What is to be sent.
public struct DrainRequest: Sendable, Equatable {
    public var purpose: RequestPurpose
    public var call: APICall
}

/// What an input led to. The driver sends the requests, tells the events, and stops at the outcome.
public struct DrainStep: Sendable, Equatable {
    public var requests: [DrainRequest] = []
    public var events: [DrainEvent] = []
    /// Set once, by the last step.
    public var summary: DrainSummary?
}
