public import DrainEngine
public import KubernetesAPI
internal import Locking
public import Timestamps

/// A drain's events as its present state: what GET /drain answers and the terminal shows.
public final class DrainProgress: DrainObserver {
    private let status: Lock<DrainStatus>

    public init(node: String) { status = Lock(DrainStatus(node: node)) }

    public var current: DrainStatus { status.withLock { $0 } }

    public func observe(_ event: DrainEvent) { status.withLock { $0.apply(event) } }
}

/// How a drain stands.
public struct DrainStatus: Sendable {
    public struct PodState: Sendable {
        public var pod: PodIdentity
        public var phase: PodPhase
        public var since: Timestamp
        public var attempts = 0
        public var wait: PodWait?
        public var due: Timestamp?
        public var message = ""
        public var deletionDeadline: Timestamp?
        public var finalizers: [String] = []
    }

    /// Who blocks, whom, and since when.
    public struct BlockerState: Sendable {
        public var blocker: Blocker
        public var since: Timestamp
        public var pods: [PodIdentity]
        public var message: String
    }

    public let node: String
    public private(set) var start: DrainStart?
    public private(set) var policy: DrainPolicy?
    public private(set) var state = DrainState.idle
    public private(set) var stateSince: Timestamp?
    public private(set) var startedAt: Timestamp?
    public private(set) var deadline: Timestamp?
    public private(set) var isUnschedulable: Bool?
    public private(set) var pods: [PodState] = []
    public private(set) var excluded: [(pod: PodIdentity, reason: ExclusionReason)] = []
    public private(set) var summary: DrainSummary?
    public private(set) var lastError: String?

    init(node: String) { self.node = node }

    public func count(_ phase: PodPhase) -> Int { pods.count { $0.phase == phase } }

    /// Those that hold up most pods first, then those that have done so longest.
    public var blockers: [BlockerState] {
        var byBlocker: [Blocker: BlockerState] = [:]
        for pod in pods {
            guard let wait = pod.wait else { continue }
            var entry =
                byBlocker[wait.blocker]
                ?? BlockerState(blocker: wait.blocker, since: wait.since, pods: [], message: wait.lastMessage)
            entry.since = min(entry.since, wait.since)
            entry.pods.append(pod.pod)
            byBlocker[wait.blocker] = entry
        }
        return byBlocker.values.sorted {
            ($1.pods.count, $0.since, "\($0.blocker)") < ($0.pods.count, $1.since, "\($1.blocker)")
        }
    }

    mutating func apply(_ event: DrainEvent) {
        switch event.fact {
        case .began(let start, let policy):
            self = DrainStatus(node: node)
            self.start = start
            self.policy = policy
            startedAt = event.at
            deadline = start.deadline
        case .stateChanged(let entered):
            state = entered
            stateSince = event.at
        case .deadlineChanged(let moment): deadline = moment
        case .nodeSeen(let unschedulable): isUnschedulable = unschedulable
        case .podAdded(let facts):
            pods.append(PodState(pod: facts.pod, phase: facts.phase, since: event.at))
        case .podExcluded(let pod, let reason): excluded.append((pod, reason))
        case .exclusionEnded(let pod, _): excluded.removeAll { $0.pod.uid == pod.uid }
        case .podMoved(let move):
            pods[move.index].phase = move.to
            pods[move.index].since = event.at
            pods[move.index].attempts = move.attempts
            pods[move.index].due = move.due
            pods[move.index].message = move.message
        case .waitBegan(let wait), .waitGoesOn(let wait): pods[wait.index].wait = wait
        case .waitEnded(let wait, _): pods[wait.index].wait = nil
        case .deletionExpected(let pod, let deadline, let finalizers):
            pods[pod].deletionDeadline = deadline
            pods[pod].finalizers = finalizers
        case .requestFailed(_, let message, _): lastError = message
        case .ended(let summary): self.summary = summary
        case .resumed, .turn, .uncordonedByOthers, .nodeDeleted, .surveyed, .annotationIgnored, .tierStarted, .judged,
            .budgetWatchChanged, .unblock, .stuck, .overrunProjected, .deletedAtDeadline, .volumesAttached:
            break
        case .cordon, .planned, .podFinished, .evictionAnswered, .listed, .watchEnded, .pollingChanged, .throttled:
            break
        }
    }
}
