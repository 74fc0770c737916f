public import DrainEngine
public import KubernetesAPI
public import Timestamps

/// How a drain stands.
public struct DrainStatus: Sendable {
    public struct PodState: Sendable {
        public var pod: PodIdentity
        public var tier: PodTier
        public var phase: PodPhase
        public var since: Timestamp
        public var attempts = 0
        public var wait: PodWait?
        public var due: Timestamp?
        public var message = ""
        public var deletionDeadline: Timestamp?
        public var finalizers: [String] = []
        public var stuck: StuckTermination?
        public var isDeletedAtDeadline = false
    }

    /// Who blocks, whom, and since when.
    public struct BlockerState: Sendable {
        public var blocker: Blocker
        public var since: Timestamp
        public var pods: [PodIdentity]
        public var message: String
        public var judgement: Judgement?

        /// While nothing else is known, waiting will do.
        public var verdict: BudgetVerdict { judgement?.verdict ?? .waiting }
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
    /// What it goes on with.
    public private(set) var resumed: DrainRecord?
    /// `nil`: the fleet takes no turns.
    public private(set) var turn: FleetTurn.Standing?
    /// The last tier that was begun.
    public private(set) var tier = PodTier.ordinary
    public private(set) var overrun: Projection.Overrun?
    /// What is thought of those who block somebody, or did when the drain gave up.
    public private(set) var judgements: [Blocker: Judgement] = [:]
    /// Namespaces whose budgets are not watched though they should be, and why; `nil`: all of them.
    public private(set) var unwatchedBudgets: [String?: String] = [:]
    public private(set) var unblocks: [UnblockStep] = []
    public private(set) var volumesAttached: [String] = []

    init(node: String) { self.node = node }

    public func count(_ phase: PodPhase) -> Int { pods.count { $0.phase == phase } }

    /// Those that only a person can end come first, then those that hold up most pods, then the oldest.
    public var blockers: [BlockerState] {
        var byBlocker: [Blocker: BlockerState] = [:]
        for pod in pods {
            guard let wait = pod.wait else { continue }
            var entry =
                byBlocker[wait.blocker]
                ?? BlockerState(
                    blocker: wait.blocker, since: wait.since, pods: [], message: wait.lastMessage,
                    judgement: judgements[wait.blocker])
            entry.since = min(entry.since, wait.since)
            if entry.message.isEmpty { entry.message = wait.lastMessage }
            entry.pods.append(pod.pod)
            byBlocker[wait.blocker] = entry
        }
        func rank(_ state: BlockerState) -> Int { state.verdict.isForGood ? 1 : 0 }
        return byBlocker.values.sorted {
            (rank($1), $1.pods.count, $0.since, "\($0.blocker)") < (rank($0), $0.pods.count, $1.since, "\($1.blocker)")
        }
    }

    /// What it waits for, for people: `budget shop/web (2 pods, unsatisfiable)`, `1 pod terminating`.
    public var obstacles: [String] {
        let blockers = blockers
        let named = blockers.prefix(3).map { "\($0.blocker) (\(Self.pods($0.pods.count)), \($0.verdict.rawValue))" }
        let others = blockers.count > named.count ? ["\(blockers.count - named.count) more"] : []
        let stuck = pods.count { $0.phase == .terminating && $0.stuck != nil }
        let counts = [
            (stuck, "stuck terminating"), (count(.terminating) - stuck, "terminating"), (count(.retrying), "retrying"),
            (count(.queued), "queued"),
        ]
        return named + others + counts.filter { $0.0 > 0 }.map { "\(Self.pods($0.0)) \($0.1)" }
    }

    /// `1 pod`, `2 pods`.
    static func pods(_ count: Int) -> String { count == 1 ? "1 pod" : "\(count) pods" }

    mutating func apply(_ event: DrainEvent) {
        switch event.fact {
        case .began(let start, let policy):
            self = DrainStatus(node: node)
            self.start = start
            self.policy = policy
            startedAt = start.resumes?.started ?? event.at
            deadline = start.deadline
            resumed = start.resumes
        case .resumed(let record):
            resumed = record
            startedAt = record.started
        case .turn(let standing): turn = standing
        case .stateChanged(let entered):
            state = entered
            stateSince = event.at
        case .deadlineChanged(let moment): deadline = moment
        case .nodeSeen(let unschedulable): isUnschedulable = unschedulable
        case .podAdded(let facts):
            pods.append(PodState(pod: facts.pod, tier: facts.tier, phase: facts.phase, since: event.at))
        case .podExcluded(let pod, let reason): excluded.append((pod, reason))
        case .exclusionEnded(let pod, _): excluded.removeAll { $0.pod.uid == pod.uid }
        case .podMoved(let move):
            pods[move.index].phase = move.to
            pods[move.index].since = event.at
            pods[move.index].attempts = move.attempts
            pods[move.index].due = move.due
            pods[move.index].message = move.message
            if move.to != .terminating { pods[move.index].stuck = nil }
        case .tierStarted(let tier): self.tier = tier
        case .waitBegan(let wait), .waitGoesOn(let wait): pods[wait.index].wait = wait
        case .waitEnded(let wait, let outcome):
            pods[wait.index].wait = nil
            // What it was when the drain gave up is worth knowing afterwards.
            guard outcome == .allowed, !pods.contains(where: { $0.wait?.blocker == wait.blocker }) else { break }
            judgements[wait.blocker] = nil
        case .judged(let judgement): judgements[judgement.blocker] = judgement
        case .budgetWatchChanged(let namespace, let isLive, let reason):
            unwatchedBudgets[namespace] = isLive ? nil : reason
        case .unblock(let step): unblocks.append(step)
        case .deletionExpected(let pod, let deadline, let finalizers):
            pods[pod].deletionDeadline = deadline
            pods[pod].finalizers = finalizers
        case .stuck(let pod, let termination): pods[pod].stuck = termination
        case .overrunProjected(let overrun): self.overrun = overrun
        case .deletedAtDeadline(let deletion):
            if deletion.problem.isEmpty { pods[deletion.index].isDeletedAtDeadline = true }
        case .volumesAttached(let names): volumesAttached = names
        case .requestFailed(_, let message, _): lastError = message
        case .ended(let summary): self.summary = summary
        // The server answers again.
        case .listed, .cordon: lastError = nil
        case .uncordonedByOthers, .nodeDeleted, .surveyed, .planned, .podFinished, .annotationIgnored,
            .evictionAnswered, .watchEnded, .pollingChanged, .throttled:
            break
        }
    }
}

extension FleetTurn.Standing {
    /// 1: the next; `nil`: it does not wait.
    public var place: Int? {
        switch self {
        case .waiting(let before, _): before + 1
        case .held, .lost: nil
        }
    }
}

extension Projection.Overrun {
    /// `1m30s`, or `never`.
    public var text: String {
        switch self {
        case .by(let duration): duration.inWholeSeconds
        case .never: "never"
        }
    }

    /// Infinite: never.
    var seconds: Double {
        switch self {
        case .by(let duration): duration.inSeconds
        case .never: .infinity
        }
    }
}

extension Duration {
    /// `1m30s`: rounded, for people.
    var inWholeSeconds: String { GoDuration.format(.seconds(Int64(inSeconds.rounded()))) }
}
