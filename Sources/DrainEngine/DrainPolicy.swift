public import KubernetesAPI
public import Timestamps

/// Everything a drain can be told, before it begins.
public struct DrainPolicy: Sendable, Equatable {
    public enum DryRun: String, Sendable, CaseIterable {
        case none
        /// Plan only.
        case client
        /// Each pod's eviction is asked for once with `dryRun`, which checks everything and changes nothing.
        case server
    }

    /// What becomes of the pod we run in.
    public enum OwnPod: String, Sendable, CaseIterable {
        /// It goes when everything else is done, unless a DaemonSet or the kubelet owns it.
        case last
        case leave
    }

    /// What a careful person wants to be asked about first, as kubectl has it.
    public struct Refusals: Sendable, Equatable {
        /// Pods with emptyDir volumes, whose data dies with them.
        public var emptyDir: Bool
        /// Pods that no controller would put back, orphans of a deleted DaemonSet among them.
        public var unmanaged: Bool
        /// Pods of a DaemonSet, which will stay.
        public var daemonSets: Bool

        public init(emptyDir: Bool = false, unmanaged: Bool = false, daemonSets: Bool = false) {
            self.emptyDir = emptyDir
            self.unmanaged = unmanaged
            self.daemonSets = daemonSets
        }
    }

    /// In which order pods are asked for.
    public enum Order: String, Sendable, CaseIterable {
        /// Ordinary pods, then cluster-critical, then node-critical ones.
        case priority
        case none
    }

    public enum AtDeadline: String, Sendable, CaseIterable {
        /// Nothing more is done.
        case stop
        /// What is left is deleted past its budgets, with the grace that is left.
        case delete
    }

    /// What a look at everything before the cordon is for.
    public enum Preflight: String, Sendable, CaseIterable {
        case off
        /// What can never go is said, and the drain goes on.
        case warn
        /// Nothing is touched when something can never go.
        case fail
    }

    /// What is done about a budget that can never allow.
    public enum Unblock: String, Sendable, CaseIterable {
        /// Nothing, unless the owner's annotation `drain-agent.dev/unblock` asks for it.
        case off
        case rolloutRestart = "rollout-restart"
    }

    /// What follows when somebody makes the node schedulable in mid-drain.
    public enum OnUncordon: String, Sendable, CaseIterable {
        case stop, recordon
    }

    /// Turns within a fleet.
    public struct Fleet: Sendable, Equatable {
        /// Nodes that may be drained at once; at least 1.
        public var parallel: Int
        /// Where the Leases are.
        public var namespace: String
        /// How long a Lease outlives its holder's silence.
        public var ttl: Duration

        public init(parallel: Int, namespace: String, ttl: Duration = .seconds(1800)) {
            self.parallel = parallel
            self.namespace = namespace
            self.ttl = ttl
        }
    }

    public var node: String
    public var dryRun = DryRun.none
    /// `nil`: each pod's own.
    public var gracePeriodSeconds: Int64?
    public var podSelector = LabelSelector()
    public var refusals = Refusals()
    /// Plain deletes instead of evictions: no budget is asked.
    public var deletesWithoutEviction = false
    /// A pod that should have been gone for longer than this is left; `nil`: all are waited for.
    public var skipTerminatingAfter: Duration?
    public var followsArrivals = false
    public var ownPod = OwnPod.last
    public var selfPod: PodIdentity?

    /// Eviction requests in flight.
    public var concurrency = 16
    /// Pods that are going at once; 0: no bound.
    public var maxTerminating = 0
    public var backoff = Backoff()
    /// Answers that look permanent, before a pod is given up.
    public var maxRetries = 10
    /// Between two requests for one of the pods that a budget blocks, while nobody may watch the budget.
    public var budgetRetryInterval = Duration.seconds(5)
    /// The same while the budget is watched: a safety net.
    public var budgetProbeInterval = Duration.seconds(30)
    /// Between two requests for a pod that a webhook blocks.
    public var webhookRetryInterval = Duration.seconds(5)
    /// Between two lists where the watch does not work.
    public var listInterval = Duration.seconds(5)
    /// Items a page of the verifying list; 0: one page.
    public var chunkSize = 500
    /// How long to try before the first successful list; `nil`: until the deadline.
    public var startupTimeout: Duration?
    /// A refused certificate ends the drain at once (a person is watching) or is waited out.
    public var certificateRefusalIsFinal = true
    /// How long answers still in flight are waited for at the end.
    public var settleTimeout = Duration.seconds(5)
    /// How long an uncordon that was asked for is tried, within the deadline.
    public var uncordonTimeout = Duration.seconds(15)

    public var order = Order.priority
    /// How long a pod may hold up the tier after its own while it is blocked, retried or overdue.
    public var tierPatience = Duration.seconds(60)
    public var atDeadline = AtDeadline.stop
    public var preflight = Preflight.off
    /// Ends after the survey, and touches nothing: the plan command.
    public var surveysOnly = false
    public var unblock = Unblock.off
    /// It is not done before the volumes of the pods that left are detached from the node.
    public var waitsForVolumeDetach = false
    public var onUncordon = OnUncordon.stop
    /// Our name in the record on the node; `nil`: none is kept, and nobody resumes.
    public var recordedAs: String?
    /// What POST /drain asked for, for the record.
    public var recordedOptions = ""
    /// `nil`: no turns.
    public var fleet: Fleet?

    public init(node: String) { self.node = node }
}

/// One drain's name, cause and time.
public struct DrainStart: Sendable, Equatable {
    /// Names the drain in logs, spans and answers; the trace id comes from it.
    public var id: String
    public var trigger: DrainTrigger
    /// `nil`: never gives up.
    public var deadline: Timestamp?
    /// When everything ends, us included: what is deleted at the deadline must be gone by then; `nil`: it does not end.
    public var hardEnd: Timestamp?
    /// What it goes on with.
    public var resumes: DrainRecord?
    /// The W3C trace context that the drain joins.
    public var traceparent: String?

    public init(id: String, trigger: DrainTrigger, deadline: Timestamp? = nil, traceparent: String? = nil) {
        self.id = id
        self.trigger = trigger
        self.deadline = deadline
        self.traceparent = traceparent
    }
}
