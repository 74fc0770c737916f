import KubernetesAPI
import SeededRandom
import Timestamps

/// All pods of a drain: who is asked for next, and when. Pods are dense indices here; UIDs live at the edge.
struct PodDrain {
    struct Step {
        var facts: [DrainEvent.Fact] = []
        /// Ask whether we may evict in this namespace.
        var reviews: [String] = []
    }

    private(set) var pods: [PodEviction] = []
    private(set) var counts: [PodPhase: Int] = [:]
    private(set) var inFlight = 0
    private(set) var pausedUntil: Timestamp?

    private let policy: DrainPolicy
    private var random: SplitMix64
    private var indexByUID: [String: Int] = [:]
    private var indexByName: [String: Int] = [:]
    private var unsettled = 0
    /// Indices of pods that were `queued`, first in first out; those that have moved on are skipped.
    private var queue: [Int] = []
    private var queueHead = 0
    /// Our own pod while it could be asked for: it is when nothing else is left.
    private var ownPod: Int?
    private var dueTimes = DueQueue()
    private var deniedNamespaces: Set<String> = []

    init(policy: DrainPolicy, random: SplitMix64) {
        self.policy = policy
        self.random = random
    }

    /// Every pod is gone, or given up, or (our own) on its way.
    var isSettled: Bool { unsettled == 0 }

    /// When something is due by itself. A queued pod with a slot to go to can only be held up by a pause.
    var nextWake: Timestamp? {
        guard hasFreeSlot else { return nil }
        if hasQueued { return pausedUntil }
        guard let due = dueTimes.first?.due else { return nil }
        return max(due, pausedUntil ?? due)
    }

    func index(of pod: PodIdentity) -> Int? { indexByUID[pod.uid] }

    /// The pod that had this name, under whatever UID.
    func index(named namespace: String, _ name: String) -> Int? { indexByName["\(namespace)/\(name)"] }

    mutating func add(_ pod: Pod, isSelf: Bool, at now: Timestamp) -> Step {
        let eviction = PodEviction(
            index: pods.count, pod: pod, isSelf: isSelf, isDryRun: policy.dryRun != .none, at: now)
        pods.append(eviction)
        counts[eviction.phase, default: 0] += 1
        if !eviction.isSettled { unsettled += 1 }
        indexByUID[pod.metadata.uid] = eviction.index
        indexByName["\(pod.metadata.namespace)/\(pod.metadata.name)"] = eviction.index
        if eviction.phase == .queued { enqueue(eviction.index) }
        let facts = PodFacts(
            index: eviction.index, pod: eviction.pod, priority: pod.spec.priority,
            gracePeriodSeconds: policy.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds,
            tier: PodTier(priority: pod.spec.priority), phase: eviction.phase)
        var step = Step(facts: [.podAdded(facts)])
        if let deadline = pod.metadata.deletionTimestamp {
            step.facts.append(
                .deletionExpected(pod: eviction.index, by: deadline, finalizers: pod.metadata.finalizers))
        }
        return step
    }

    /// The next pod to ask for now, marked as asked for; `nil` when there is none, or no slot.
    mutating func sendNext(at now: Timestamp, into step: inout Step) -> (index: Int, attempt: Int)? {
        guard hasFreeSlot, pausedUntil.map({ $0 <= now }) ?? true, let index = nextCandidate(at: now) else {
            return nil
        }
        inFlight += 1
        apply(to: index, into: &step) { pod, _ in pod.sent(at: now) }
        return (index, pods[index].attempts)
    }

    /// `attempt` makes a stale answer known: it only frees its slot.
    mutating func answered(index: Int, attempt: Int, _ exchange: Exchange, call: APICall, at now: Timestamp) -> Step {
        inFlight -= 1
        var step = Step()
        let pod = pods[index].pod
        let reply = EvictionReply(exchange.answer, namespace: pod.namespace)
        step.facts.append(
            .evictionAnswered(
                EvictionAttempt(
                    index: index, pod: pod, number: attempt, call: call, reply: reply, exchange: exchange)))
        guard pods[index].attempts == attempt else { return step }
        let policy = policy
        let denied = deniedNamespaces.contains(pod.namespace)
        apply(to: index, into: &step) { pod, random in
            pod.answered(
                reply, retryAfter: exchange.retryAfter, at: now, policy: policy, accessDenied: denied, random: &random)
        }
        return step
    }

    mutating func observed(_ pod: Pod, index: Int, at now: Timestamp) -> Step {
        change(index) { $0.observed(pod, at: now) }
    }

    /// At the deadline it was deleted past whoever blocked it.
    mutating func deletedPastBlocker(index: Int, at now: Timestamp) -> Step {
        change(index) { $0.deletedPastBlocker(at: now) }
    }

    mutating func vanished(index: Int, at now: Timestamp) -> Step {
        change(index) { $0.vanished(at: now) }
    }

    mutating func reappeared(index: Int, at now: Timestamp) -> Step {
        let step = change(index) { $0.reappeared(at: now) }
        if pods[index].phase == .queued { enqueue(index) }
        return step
    }

    /// A review's verdict; a pod's own third refusal counts where the review could not be had.
    mutating func accessReviewed(namespace: String, allowed: Bool, at now: Timestamp) -> Step {
        var step = Step()
        guard !allowed else { return step }
        deniedNamespaces.insert(namespace)
        for index in pods.indices where pods[index].pod.namespace == namespace {
            apply(to: index, into: &step) { pod, _ in pod.accessDenied(at: now) }
        }
        return step
    }

    mutating func abandonWaits() -> Step {
        var step = Step()
        for index in pods.indices where pods[index].wait != nil {
            apply(to: index, into: &step) { pod, _ in pod.abandoned() }
        }
        return step
    }
}

extension PodDrain {
    private var hasFreeSlot: Bool {
        guard inFlight < policy.concurrency else { return false }
        guard policy.maxTerminating > 0, policy.dryRun == .none else { return true }
        return counts[.terminating, default: 0] + inFlight < policy.maxTerminating
    }

    private mutating func enqueue(_ index: Int) {
        if pods[index].isSelf { ownPod = index } else { queue.append(index) }
    }

    private var hasQueued: Bool {
        if let own = ownPod, unsettled == 1, pods[own].isWaiting { return true }
        return queue[queueHead...].contains { pods[$0].phase == .queued }
    }

    /// New pods come before second tries: what is blocked must not hold up what is not. Our own pod comes last of all.
    private mutating func nextCandidate(at now: Timestamp) -> Int? {
        while queueHead < queue.count {
            let index = queue[queueHead]
            queueHead += 1
            if pods[index].phase == .queued { return index }
        }
        while let next = dueTimes.first, next.due <= now {
            dueTimes.removeFirst()
            dropOutdated()
            guard pods[next.index].isSelf, unsettled > 1 else { return next.index }
            // It was the last one when it was first asked for; by now another has come.
            ownPod = next.index
        }
        guard unsettled == 1, let index = ownPod, pods[index].isWaiting else { return nil }
        ownPod = nil
        return index
    }

    /// A due time counts only while the pod still waits for just that.
    private mutating func dropOutdated() {
        while let next = dueTimes.first, pods[next.index].due != next.due { dueTimes.removeFirst() }
    }

    private mutating func change(_ index: Int, _ body: (inout PodEviction) -> PodEviction.Step) -> Step {
        var step = Step()
        apply(to: index, into: &step) { pod, _ in body(&pod) }
        return step
    }

    private mutating func apply(
        to index: Int, into step: inout Step,
        _ body: (inout PodEviction, inout SplitMix64) -> PodEviction.Step
    ) {
        let before = pods[index].phase
        let wasSettled = pods[index].isSettled
        let dueBefore = pods[index].due
        let change = body(&pods[index], &random)
        let after = pods[index].phase
        if before != after {
            counts[before, default: 0] -= 1
            counts[after, default: 0] += 1
        }
        if wasSettled != pods[index].isSettled { unsettled += wasSettled ? 1 : -1 }
        if let due = pods[index].due, due != dueBefore { dueTimes.insert(index: index, due: due) }
        dropOutdated()
        step.facts += change.facts
        switch change.consequence {
        case .pause(let duration, let end):
            pausedUntil = max(pausedUntil ?? end, end)
            step.facts.append(.throttled(for: duration))
        case .reviewAccess: step.reviews.append(pods[index].pod.namespace)
        case nil: break
        }
    }
}
