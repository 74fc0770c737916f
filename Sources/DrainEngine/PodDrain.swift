import KubernetesAPI
import SeededRandom
import Timestamps

/// All pods of a drain: who is asked for next, and when. Pods are dense indices here; UIDs live at the edge.
struct PodDrain {
    struct Step {
        var facts: [DrainEvent.Fact] = []
        /// Ask whether we may evict in this namespace.
        var reviews: [String] = []
        /// About budgets: lists, and whom they guard.
        var requests: [DrainRequest] = []
    }

    private(set) var pods: [PodEviction] = []
    private(set) var counts: [PodPhase: Int] = [:]
    private(set) var inFlight = 0
    private(set) var pausedUntil: Timestamp?

    let policy: DrainPolicy
    var budgets: BudgetBook
    private var random: SplitMix64
    private var indexByUID: [String: Int] = [:]
    private var indexByName: [String: Int] = [:]
    private var unsettled = 0
    private var queue = PodQueue()
    /// Our own pod while it could be asked for: it is when nothing else is left.
    private var ownPod: Int?
    /// Blocked pods that their budgets let try, first in first out.
    private var released: [Int] = []
    /// Blocked pods that are to find out whether they may go though no budget says so, and since when.
    private var probes: [(index: Int, since: Timestamp)] = []
    private var dueTimes = DueQueue()
    private var deniedNamespaces: Set<String> = []
    /// When the next tier starts by time alone; `nil`: it does not.
    private var tierDue: Timestamp?
    /// Pods that may still be asked for, by namespace.
    private var askable: [String: Int] = [:]

    init(policy: DrainPolicy, random: SplitMix64) {
        var random = random
        self.policy = policy
        budgets = BudgetBook(policy: policy, random: SplitMix64(seed: random.next()))
        self.random = random
    }

    /// Every pod is gone, or given up, or (our own) on its way.
    var isSettled: Bool { unsettled == 0 }

    /// When something is due by itself. A pod that waits for nothing but a slot can only be held up by a pause.
    func nextWake(after now: Timestamp) -> Timestamp? {
        [askingWake, tierDue, budgets.nextWake(pods: pods, after: now)].compactMap { $0 }.min()
    }

    private var askingWake: Timestamp? {
        guard hasFreeSlot else { return nil }
        if hasCandidate { return pausedUntil }
        guard let due = dueTimes.first?.due else { return nil }
        return max(due, pausedUntil ?? due)
    }

    func index(of pod: PodIdentity) -> Int? { indexByUID[pod.uid] }

    /// The pod that had this name, under whatever UID.
    func index(named namespace: String, _ name: String) -> Int? { indexByName["\(namespace)/\(name)"] }

    mutating func add(_ pod: Pod, isSelf: Bool, at now: Timestamp) -> Step {
        let eviction = PodEviction(
            index: pods.count, pod: pod, isSelf: isSelf, tier: DrainPlan.tier(of: pod, policy),
            isDryRun: policy.dryRun != .none, at: now)
        pods.append(eviction)
        counts[eviction.phase, default: 0] += 1
        budgets.podAdded(in: eviction.pod.namespace)
        if eviction.phase.isAskable { askable[eviction.pod.namespace, default: 0] += 1 }
        if !eviction.isSettled { unsettled += 1 }
        indexByUID[pod.metadata.uid] = eviction.index
        indexByName["\(pod.metadata.namespace)/\(pod.metadata.name)"] = eviction.index
        if eviction.phase == .queued { enqueue(eviction.index) }
        let facts = PodFacts(
            index: eviction.index, pod: eviction.pod, priority: pod.spec.priority,
            gracePeriodSeconds: options(for: eviction.index).gracePeriodSeconds
                ?? pod.spec.terminationGracePeriodSeconds,
            tier: PodTier(priority: pod.spec.priority), phase: eviction.phase)
        var step = Step(facts: [.podAdded(facts)])
        step.facts += PodOverrides(pod).problems.map {
            .annotationIgnored(eviction.pod, annotation: $0.annotation, problem: $0.problem)
        }
        if let deadline = pod.metadata.deletionTimestamp {
            step.facts.append(
                .deletionExpected(pod: eviction.index, by: deadline, finalizers: pod.metadata.finalizers))
        }
        return step
    }

    /// What goes with its eviction. Its own annotation is the more exact word.
    func options(for index: Int) -> DeleteOptions {
        DeleteOptions(
            gracePeriodSeconds: pods[index].gracePeriodSeconds ?? policy.gracePeriodSeconds,
            dryRun: policy.dryRun == .server)
    }

    /// The next pod to ask for now, marked as asked for; `nil` when there is none, or no slot.
    mutating func sendNext(at now: Timestamp, into step: inout Step) -> (index: Int, attempt: Int)? {
        startTiers(at: now, into: &step)
        guard hasFreeSlot, pausedUntil.map({ $0 <= now }) ?? true, let index = nextCandidate(at: now) else {
            return nil
        }
        inFlight += 1
        apply(to: index, at: now, into: &step) { pod, _ in pod.sent(at: now) }
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
        apply(to: index, at: now, into: &step) { pod, random in
            pod.answered(
                reply, retryAfter: exchange.retryAfter, at: now, policy: policy, accessDenied: denied, random: &random)
        }
        return step
    }

    mutating func observed(_ pod: Pod, index: Int, at now: Timestamp) -> Step {
        let before = (pods[index].isReady, pods[index].isRunning)
        let step = change(index, at: now) { $0.observed(pod, at: now) }
        if before != (pods[index].isReady, pods[index].isRunning) {
            released += budgets.podChanged(index, pods: pods)
        }
        return step
    }

    /// At the deadline it was deleted past whoever blocked it.
    mutating func deletedPastBlocker(index: Int, at now: Timestamp) -> Step {
        change(index, at: now) { $0.deletedPastBlocker(at: now) }
    }

    mutating func vanished(index: Int, at now: Timestamp) -> Step {
        change(index, at: now) { $0.vanished(at: now) }
    }

    mutating func reappeared(index: Int, at now: Timestamp) -> Step {
        let step = change(index, at: now) { $0.reappeared(at: now) }
        if pods[index].phase == .queued { enqueue(index) }
        return step
    }

    /// A review's verdict; a pod's own third refusal counts where the review could not be had.
    mutating func accessReviewed(namespace: String, allowed: Bool, at now: Timestamp) -> Step {
        var step = Step()
        guard !allowed else { return step }
        deniedNamespaces.insert(namespace)
        for index in pods.indices where pods[index].pod.namespace == namespace {
            apply(to: index, at: now, into: &step) { pod, _ in pod.accessDenied(at: now) }
        }
        return step
    }

    mutating func abandonWaits(at now: Timestamp) -> Step {
        var step = Step()
        for index in pods.indices where pods[index].wait != nil {
            apply(to: index, at: now, into: &step) { pod, _ in pod.abandoned() }
        }
        return step
    }
}

// MARK: - Who is next

extension PodDrain {
    private var hasFreeSlot: Bool {
        guard inFlight < policy.concurrency else { return false }
        guard policy.maxTerminating > 0, policy.dryRun == .none else { return true }
        return counts[.terminating, default: 0] + inFlight < policy.maxTerminating
    }

    private mutating func enqueue(_ index: Int) {
        guard !pods[index].isSelf else { return ownPod = index }
        queue.append(index, pods[index].tier)
        budgets.podsQueued()
    }

    private func isQueued(_ index: Int) -> Bool { pods[index].phase == .queued }

    private var hasCandidate: Bool {
        if let own = ownPod, unsettled == 1, pods[own].isWaiting { return true }
        return (released + probes.map(\.index)).contains { pods[$0].phase == .blocked } || queue.hasStarted(isQueued)
    }

    /// Whom a budget has just allowed comes first, for others may take it; then new pods, before second tries: what is
    /// blocked must not hold up what is not. Our own pod comes last of all.
    private mutating func nextCandidate(at now: Timestamp) -> Int? {
        while !released.isEmpty {
            let index = released.removeFirst()
            if pods[index].phase == .blocked, !waitsForOthers(index) { return index }
        }
        if let index = queue.next({ pods[$0].phase == .queued }) { return index }
        while let index = nextAgain(at: now) {
            if !waitsForOthers(index) { return index }
        }
        guard unsettled == 1, let index = ownPod, pods[index].isWaiting else { return nil }
        ownPod = nil
        return index
    }

    /// Retries and probes, the longest due first: on a slow server neither keeps the other from its turn.
    private mutating func nextAgain(at now: Timestamp) -> Int? {
        while let probe = probes.first, dueTimes.first.map({ probe.since <= $0.due }) ?? true {
            probes.removeFirst()
            if pods[probe.index].phase == .blocked { return probe.index }
        }
        guard let next = dueTimes.first, next.due <= now else { return nil }
        dueTimes.removeFirst()
        dropOutdated()
        return next.index
    }

    /// It was the last one when it was first asked for; by now another has come.
    private mutating func waitsForOthers(_ index: Int) -> Bool {
        guard pods[index].isSelf, unsettled > 1 else { return false }
        ownPod = index
        return true
    }

    /// A due time counts only while the pod still waits for just that.
    private mutating func dropOutdated() {
        while let next = dueTimes.first, pods[next.index].due != next.due { dueTimes.removeFirst() }
    }

    /// A tier starts when nobody of those before it is worth waiting for any longer.
    private mutating func startTiers(at now: Timestamp, into step: inout Step) {
        tierDue = nil
        while let next = queue.nextTier({ pods[$0].phase == .queued }) {
            let held = pods.lazy.filter { $0.tier < next && !$0.isSettled && !$0.isSelf }
            var latest = now
            for pod in held where !budgets.isBlockedForGood(pod.index, at: now) {
                guard let end = pod.heldUp(for: policy.tierPatience, from: now) else { return }
                latest = max(latest, end)
            }
            guard latest <= now else { return tierDue = latest }
            queue.start(next)
            budgets.podsQueued()
            step.facts.append(.tierStarted(next))
        }
    }
}

// MARK: - Budgets

extension PodDrain {
    /// Whatever is due about budgets: probes, lists, reviews, judgements, and siblings that need not ask.
    mutating func followBudgets(at now: Timestamp, into step: inout Step) {
        probes += budgets.tick(pods: pods, at: now).map { (index: $0, since: now) }
        if budgets.mayHaveSiblings { holdSiblingsBack(at: now, into: &step) }
        step.requests += budgets.feeds.wantedLists() + budgets.reviews(at: now)
        step.facts += budgets.judgements(pods: pods, at: now).map { .judged($0) }
    }

    private mutating func holdSiblingsBack(at now: Timestamp, into step: inout Step) {
        for sibling in budgets.siblings(of: queue.started.filter(isQueued), pods: pods) where isQueued(sibling.index) {
            apply(to: sibling.index, at: now, into: &step) { pod, _ in
                pod.heldBack(by: sibling.blocker, message: sibling.message, at: now)
            }
        }
    }

    mutating func budgetSignal(_ namespace: String?, _ signal: WatchSignal, at now: Timestamp) -> Step {
        var step = Step()
        switch signal {
        case .opened: step.facts += budgets.feeds.opened(namespace, at: now)
        case .event(let event):
            guard let seen = budgets.feeds.received(namespace, event) else { break }
            released +=
                seen.isPresent
                ? budgets.seen(seen.budget, pods: pods, at: now)
                : budgets.removed(BudgetKey(seen.budget), pods: pods)
        case .ended(let reason, let detail, let status):
            step.facts += budgets.feeds.ended(namespace, reason, detail: detail, status: status, at: now)
        }
        budgets.livenessChanged(at: now)
        return step
    }

    mutating func budgetsListed(_ namespace: String?, _ exchange: Exchange, at now: Timestamp) -> Step {
        var step = Step()
        if case .success(_, .budgets(let list)) = exchange.answer, budgets.feeds.awaitsList(namespace) {
            step.facts += budgets.feeds.listed(namespace, version: list.resourceVersion, at: now)
            released += budgets.listed(list.items, in: namespace, pods: pods, at: now)
        } else {
            step.facts += budgets.feeds.listFailed(namespace, exchange, at: now)
        }
        budgets.livenessChanged(at: now)
        return step
    }

    /// A pod's move, as its budget has to know it.
    private mutating func followed(_ index: Int, _ before: PodPhase, _ after: PodPhase, at now: Timestamp) {
        let pod = pods[index]
        switch after {
        case .blocked:
            guard let wait = pod.wait else { return }
            released += budgets.refused(
                index, by: wait.blocker, message: wait.lastMessage, isAsked: before == .evicting, pods: pods, at: now)
        case .terminating, .gone, .failed:
            // The watch can be quicker than the answer. Whom others delete takes up what the budget allowed, too; a
            // namespace that terminates has taken nothing.
            let isAccepted =
                after == .terminating ? pod.lastAnswer != .namespaceTerminating : pod.lastAnswer == .accepted
            released += budgets.left(index, isAccepted: isAccepted, pods: pods, at: now)
        // What it was let try it still tries.
        case .queued, .evicting, .retrying: break
        }
        guard before.isAskable != after.isAskable else { return }
        askable[pod.pod.namespace, default: 0] += after.isAskable ? 1 : -1
        if askable[pod.pod.namespace] == 0 { budgets.forget(namespace: pod.pod.namespace) }
    }
}

// MARK: - Changes

extension PodDrain {
    private mutating func change(
        _ index: Int, at now: Timestamp, _ body: (inout PodEviction) -> PodEviction.Step
    ) -> Step {
        var step = Step()
        apply(to: index, at: now, into: &step) { pod, _ in body(&pod) }
        return step
    }

    private mutating func apply(
        to index: Int, at now: Timestamp, into step: inout Step,
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
            followed(index, before, after, at: now)
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

extension PodPhase {
    /// It may be asked for, or is just now.
    var isAskable: Bool {
        switch self {
        case .queued, .evicting, .blocked, .retrying: true
        case .terminating, .gone, .failed: false
        }
    }
}
