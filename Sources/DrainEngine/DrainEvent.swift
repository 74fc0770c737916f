public import KubernetesAPI
public import Timestamps

/// Everything that happens in a drain, in order: the only thing its telemetry is made from.
public struct DrainEvent: Sendable, Equatable {
    public var at: Timestamp
    public var fact: Fact

    public init(at: Timestamp, _ fact: Fact) {
        self.at = at
        self.fact = fact
    }

    public enum Fact: Sendable, Equatable {
        case began(DrainStart, DrainPolicy)
        /// It goes on with what another process of ours had begun.
        case resumed(DrainRecord)
        /// Its turn in the fleet: it waits for it, has it, or has lost it and begins no eviction until it has it again.
        case turn(FleetTurn.Standing)
        case stateChanged(DrainState)
        case deadlineChanged(Timestamp?)
        /// The node as a request of ours showed it.
        case nodeSeen(unschedulable: Bool)
        case cordon(CordonStep)
        /// Somebody else made the node schedulable again; `recordons`: we do not leave it at that.
        case uncordonedByOthers(recordons: Bool)
        /// The node is no longer in the cluster; its pods still go, for the cluster deletes them.
        case nodeDeleted
        /// What a look at everything, before anything was touched, foretells.
        case surveyed(Forecast)
        /// The plan is made: so many pods are to go. Each is announced by `podAdded` or `podExcluded`.
        case planned(pods: Int, excluded: Int)
        case podAdded(PodFacts)
        case podExcluded(PodIdentity, ExclusionReason)
        /// An excluded pod has left by itself.
        case exclusionEnded(PodIdentity, ExclusionReason)
        case podMoved(PodMove)
        case podFinished(PodEnd)
        /// An annotation on the pod says something we cannot follow.
        case annotationIgnored(PodIdentity, annotation: String, problem: String)
        /// Pods of this tier are asked for from now on; told for every tier but the first.
        case tierStarted(PodTier)
        case evictionAnswered(EvictionAttempt)
        case waitBegan(PodWait)
        /// The same blocker said no again.
        case waitGoesOn(PodWait)
        case waitEnded(PodWait, WaitOutcome)
        /// What is thought of a blocker, whenever that changes while it blocks somebody.
        case judged(Judgement)
        /// The budgets of a namespace (`nil`: of all) are not watched, or again: without a watch each is asked every few
        /// seconds.
        case budgetWatchChanged(namespace: String?, isLive: Bool, reason: String)
        /// An owner's rollout was restarted so that its pod can leave, or why it was not.
        case unblock(UnblockStep)
        /// A terminating pod's deletionTimestamp, as the watch shows it; `nil` once the pod is gone.
        case deletionExpected(pod: Int, by: Timestamp?, finalizers: [String])
        /// Why a pod that should be gone is not; `nil`: it is no longer stuck.
        case stuck(pod: Int, StuckTermination?)
        /// So late it will be, as things go (`nil`: in time, or there is no deadline).
        case overrunProjected(Projection.Overrun?)
        /// The deadline has come, and the pod is deleted past its budget.
        case deletedAtDeadline(DeadlineDeletion)
        /// Volumes of pods that are gone are still attached to the node; told when the number changes.
        case volumesAttached([String])
        case listed(pods: Int, sent: Timestamp, purpose: ListPurpose)
        case watchEnded(WatchRestart, detail: String)
        /// The pods are listed every few seconds because the watch does not work, or no longer.
        case pollingChanged(Bool, reason: String)
        /// A request that is not about one pod was refused or lost, and is tried again.
        case requestFailed(APIOperation, message: String, retryIn: Duration)
        /// The server asked for a pause.
        case throttled(for: Duration)
        case ended(DrainSummary)
    }
}

public enum CordonStep: Sendable, Equatable {
    case alreadyCordoned
    case cordoned(sent: Timestamp)
    case uncordoned
    case uncordonFailed(message: String)
}

public enum ListPurpose: String, Sendable {
    case plan, refresh, verify
}

/// What was done about an owner whose budget can never allow.
public struct UnblockStep: Sendable, Equatable {
    public enum Result: Sendable, Equatable {
        /// Its rollout has been restarted.
        case restarted
        /// It is not ours to restart, or would not help: why.
        case refused(reason: String)
        /// The API server said no.
        case failed(message: String)
    }

    public var owner: Workload.Key
    public var budget: BudgetKey
    public var result: Result
}

/// Why a pod is not gone though its grace period is over.
public struct StuckTermination: Sendable, Equatable {
    public enum Reason: String, Sendable, CaseIterable {
        case nodeNotReady = "node_not_ready"
        case containersRunning = "containers_running"
        case finalizers
        case volumeAttached = "volume_attached"
        case unknown
    }

    public var reason: Reason
    /// Which finalizers, containers or volumes; for people.
    public var detail: String
    /// Its deletionTimestamp.
    public var overdueSince: Timestamp

    public init(reason: Reason, detail: String, overdueSince: Timestamp) {
        self.reason = reason
        self.detail = detail
        self.overdueSince = overdueSince
    }
}

/// A plain delete at the deadline (`--at-deadline delete`), and its answer.
public struct DeadlineDeletion: Sendable, Equatable {
    public var index: Int
    public var pod: PodIdentity
    public var gracePeriodSeconds: Int64
    /// Empty: accepted.
    public var problem: String
}

/// A pod of the drain, when it is taken on.
public struct PodFacts: Sendable, Equatable {
    /// Its number within the drain, from 0; the other facts refer to it.
    public var index: Int
    public var pod: PodIdentity
    public var priority: Int64
    public var gracePeriodSeconds: Int64
    public var tier: PodTier
    /// `queued`, or `terminating` when somebody had deleted it before.
    public var phase: PodPhase
}

/// A pod went from one phase to another.
public struct PodMove: Sendable, Equatable {
    public var index: Int
    public var pod: PodIdentity
    public var from: PodPhase
    public var to: PodPhase
    /// When it had entered `from`.
    public var since: Timestamp
    /// Requests sent so far.
    public var attempts: Int
    /// The answer that caused it; into `evicting`, the answer before (`nil` at first).
    public var answer: EvictionAnswer?
    public var blocker: Blocker?
    /// When it is tried again.
    public var due: Timestamp?
    public var message: String
}

/// A pod is dealt with.
public struct PodEnd: Sendable, Equatable {
    public var index: Int
    public var pod: PodIdentity
    public var result: PodResult
    public var attempts: Int
    public var acceptedAt: Timestamp?
    public var message: String
}

/// One eviction request and its answer.
public struct EvictionAttempt: Sendable, Equatable {
    public var index: Int
    public var pod: PodIdentity
    /// From 1.
    public var number: Int
    public var call: APICall
    public var reply: EvictionReply
    public var exchange: Exchange
}

/// A pod waits for someone's leave: from the first no to its end.
public struct PodWait: Sendable, Equatable {
    public var index: Int
    public var pod: PodIdentity
    /// From 1; a pod can wait more than once.
    public var number: Int
    public var blocker: Blocker
    public var since: Timestamp
    public var refusals: Int
    public var firstMessage: String
    public var lastMessage: String
}

/// How it ended, and what is left.
public struct DrainSummary: Sendable, Equatable {
    public struct Remaining: Sendable, Equatable {
        public var pod: PodIdentity
        public var phase: PodPhase
        public var attempts: Int
        public var message: String
    }

    public var outcome: DrainOutcome
    /// Why, when it is not `completed`: one line for people.
    public var reason: String
    public var total: Int
    public var evicted: Int
    public var vanished: Int
    public var failed: Int
    /// Pods of the drain that are not gone, those that hold it up first.
    public var remaining: [Remaining]
    /// We made the node unschedulable, and it still is.
    public var leftCordoned: Bool
}
