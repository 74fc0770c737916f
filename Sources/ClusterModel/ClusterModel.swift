internal import KubernetesAPI
import SeededRandom
public import Timestamps

/// A small Kubernetes as a value: nodes, pods, their controllers, kubelets, a scheduler, disruption budgets and an
/// API in front of them.
///
/// Time and chance are arguments: the same seed and the same calls give the same cluster, to the last UID. A copy is
/// an independent cluster in the same state.
public struct ClusterModel: Sendable, Equatable {
    public internal(set) var now: Timestamp
    public var timing: Timing
    public var faults = FaultPlan()
    public var access = AccessRules()
    /// The newest resourceVersion.
    public internal(set) var revision = 0
    /// Events that clients posted, oldest first; the latest 1,000.
    public internal(set) var postedEvents: [EventRecord] = []

    var random: SplitMix64
    var pods = PodStore()
    var nodes: [NodeRecord] = []
    var workloads: [WorkloadRecord] = []
    var budgets: [BudgetRecord] = []
    var namespaces: [NamespaceRecord] = []
    var leases: [Lease] = []
    var attachments: [VolumeAttachment] = []
    var actions: [ClusterAction] = []
    var reactions: [Reaction] = []
    var agenda = Agenda()
    var changes: ChangeLog
    var lastAddress = 0

    /// - Parameter watchLog: how many changes a watch can look back on, at least.
    public init(seed: UInt64, at start: Timestamp, timing: Timing = Timing(), watchLog: Int = 1000) {
        random = SplitMix64(seed: seed)
        now = start
        self.timing = timing
        changes = ChangeLog(capacity: watchLog)
    }

    /// Begins another course of chance from here on.
    public mutating func reseed(_ seed: UInt64) { random = SplitMix64(seed: seed) }

    /// When something happens by itself; `nil`: never again.
    public var nextEvent: Timestamp? { agenda.earliest }

    /// Lets everything happen that is due by `moment`.
    public mutating func advance(to moment: Timestamp) {
        while let entry = agenda.next(by: moment) {
            now = max(now, entry.time)
            happen(entry.event)
        }
        now = max(now, moment)
    }

    /// Lets `action` happen at `moment`.
    public mutating func schedule(_ action: ClusterAction, at moment: Timestamp) {
        actions.append(action)
        agenda.add(.perform(action: actions.count - 1), at: moment)
    }

    /// Lets `action` happen that long after the node is cordoned; once.
    public mutating func schedule(_ action: ClusterAction, after delay: Duration, cordonOf node: String) {
        reactions.append(Reaction(node: node, delay: delay, action: action))
    }

    struct Reaction: Sendable, Equatable {
        var node: String
        var delay: Duration
        var action: ClusterAction
    }

    /// Somebody has seen the cordon.
    mutating func react(toCordonOf node: String) {
        for reaction in reactions where reaction.node == node { schedule(reaction.action, at: now + reaction.delay) }
        reactions.removeAll { $0.node == node }
    }

    private mutating func happen(_ event: DueEvent) {
        switch event {
        case .bind(let pod): bind(pod)
        case .start(let pod): startContainers(pod)
        case .becomeReady(let pod): setReady(pod, true)
        case .stop(let pod): stopContainers(pod)
        case .remove(let pod): removeStopped(pod)
        case .reconcile(let workload): reconcile(workload)
        case .syncBudget(let budget), .recheckBudget(let budget): syncBudget(budget)
        case .sweep(let pod): beginDeletion(pod, gracePeriodSeconds: nil)
        case .taint(let node): updateTaint(node)
        case .detach(let volume, let node): detach(volume, from: node)
        case .perform(let action): perform(actions[action])
        }
    }

    /// Enters an event after a delay; one that never comes is not entered.
    mutating func plan(_ event: DueEvent, after delay: Delay) {
        guard let duration = delay.draw(&random) else { return }
        agenda.add(event, at: now + duration)
    }

    /// The next resourceVersion.
    mutating func nextRevision() -> Int {
        revision += 1
        return revision
    }

    mutating func record(_ kind: ClusterChange.Kind, _ object: ClusterObject, previous: ClusterObject?) {
        changes.append(
            ClusterChange(revision: revision, time: now, kind: kind, object: object, previous: previous))
    }

    /// Kubernetes writes whole seconds.
    var second: Timestamp { Timestamp(seconds: now.nanoseconds / 1_000_000_000) }
}
