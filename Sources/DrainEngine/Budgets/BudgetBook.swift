import KubernetesAPI
import SeededRandom
import Timestamps

/// The budgets that block pods of this drain. Methods say what happened, and return the pods that are to be asked for.
struct BudgetBook {
    private let policy: DrainPolicy
    private(set) var entries: [Blocker: BudgetEntry] = [:]
    /// Its keys in a stable order.
    private var order: [Blocker] = []
    private var entryOf: [Int: Blocker] = [:]
    /// Budgets of the watched namespaces, as last seen.
    private var known: [BudgetKey: Budget] = [:]
    /// Where the drain has, or had, pods.
    private var namespaces: Set<String> = []
    var feeds: BudgetFeeds

    init(policy: DrainPolicy, random: SplitMix64) {
        self.policy = policy
        feeds = BudgetFeeds(policy: policy, random: random)
    }

    /// A refusal of `index`, or (`isAsked` false) of a sibling of it.
    mutating func refused(
        _ index: Int, by blocker: Blocker, message: String, isAsked: Bool, pods: [PodEviction], at now: Timestamp
    ) -> [Int] {
        guard let namespace = blocker.namespace else { return left(index, isAccepted: false, pods: pods, at: now) }
        // What the blocker before allowed it passes on to others.
        let passed =
            entryOf[index].map { $0 == blocker } ?? true ? [] : left(index, isAccepted: false, pods: pods, at: now)
        feeds.need(namespace)
        var entry = entries[blocker] ?? begun(blocker, at: now)
        if entries[blocker] == nil {
            order.insert(blocker, at: order.firstIndex { $0.description > blocker.description } ?? order.endIndex)
        }
        entry.mayBeJudgedAnew = true
        if !entry.isActive {
            entry.since = now
            entry.told = nil
            entry.probeDue = now + probeInterval(namespace)
            entry.isLive = feeds.isLive(namespace)
        }
        let leave = entry.asking.removeValue(forKey: index)
        if leave == .free { entry.refusedFreed.insert(index) }
        // Somebody else has taken what it allowed: its next status tells of more.
        if leave == .permit { entry.unspent = 0 }
        if leave == .probe || leave == .permit || entry.blocked.isEmpty {
            entry.probeDue = now + probeInterval(namespace)
        }
        entry.blocked.insert(index)
        entry.lastMessage = message
        if isAsked { entry.judge.refused(message, at: now) }
        entryOf[index] = blocker
        entries[blocker] = entry
        return passed + release(blocker, pods: pods)
    }

    /// It no longer waits: accepted, gone, failed, or blocked by somebody else. What it was allowed passes on.
    mutating func left(_ index: Int, isAccepted: Bool, pods: [PodEviction], at now: Timestamp) -> [Int] {
        guard let blocker = entryOf.removeValue(forKey: index), var entry = entries[blocker] else { return [] }
        entry.blocked.remove(index)
        let leave = entry.asking.removeValue(forKey: index)
        var released: [Int] = []
        if leave == .permit, !isAccepted { entry.unspent += 1 }
        // It allows more than it says: the next one finds out how much.
        if leave == .probe, let next = prober(entry, pods) {
            entry.let(next, .probe)
            released.append(next)
        }
        entries[blocker] = entry
        return released + release(blocker, pods: pods)
    }

    mutating func seen(_ budget: Budget, pods: [PodEviction], at now: Timestamp) -> [Int] {
        let key = BudgetKey(budget)
        guard isOfInterest(key.namespace) else { return [] }
        let before = known.updateValue(budget, forKey: key)
        guard var entry = entries[key.blocker] else { return freeFromSeveral(key.namespace, pods: pods) }
        if before?.metadata.generation != budget.metadata.generation { entry.hasHeldBack = false }
        // Whether it has a say in pods that are not ready depends on its counts.
        if before?.metadata.generation != budget.metadata.generation
            || before?.status.currentHealthy != budget.status.currentHealthy
            || before?.status.desiredHealthy != budget.status.desiredHealthy
        {
            entry.refusedFreed = []
        }
        entry.judge.seen(budget, at: now)
        entry.mayBeJudgedAnew = true
        if budget.status.disruptionsAllowed > 0 { entry.hasAllowedSinceReview = true }
        if budget.isCurrent { entry.unspent = max(0, budget.status.disruptionsAllowed - entry.uncounted(budget, pods)) }
        entries[key.blocker] = entry
        return free(key.blocker, pods: pods) + release(key.blocker, pods: pods)
            + freeFromSeveral(key.namespace, pods: pods)
    }

    /// It guards nobody any more.
    mutating func removed(_ key: BudgetKey, pods: [PodEviction]) -> [Int] {
        known[key] = nil
        var released: [Int] = []
        if var entry = entries[key.blocker] {
            released = entry.blocked.sorted()
            for index in released { entry.let(index, .free) }
            entries[key.blocker] = entry
        }
        return released + freeFromSeveral(key.namespace, pods: pods)
    }

    /// The whole truth about a namespace (`nil`: all of them).
    mutating func listed(
        _ budgets: [Budget], in namespace: String?, pods: [PodEviction], at now: Timestamp
    ) -> [Int] {
        let listed = Set(budgets.map { BudgetKey($0) })
        let missing = Set(entries.values.compactMap(\.key) + known.keys).filter {
            (namespace == nil || $0.namespace == namespace) && !listed.contains($0)
        }
        for budget in budgets where isOfInterest(budget.metadata.namespace) {
            if known[BudgetKey(budget)] == nil { known[BudgetKey(budget)] = budget }
        }
        var released: [Int] = []
        for key in missing.sorted(by: { $0.description < $1.description }) { released += removed(key, pods: pods) }
        for budget in budgets { released += seen(budget, pods: pods, at: now) }
        return released
    }

    /// A pod's readiness changed.
    mutating func podChanged(_ index: Int, pods: [PodEviction]) -> [Int] {
        guard let blocker = entryOf[index] else { return [] }
        entries[blocker]?.refusedFreed.remove(index)
        if case .severalBudgets(let namespace) = blocker { return freeFromSeveral(namespace, pods: pods) }
        return free(blocker, pods: pods)
    }

    /// Whatever is due: probes.
    mutating func tick(pods: [PodEviction], at now: Timestamp) -> [Int] {
        feeds.tick(at: now)
        var released: [Int] = []
        for blocker in active where entries[blocker].map({ $0.probeDue <= now }) ?? false {
            guard var entry = entries[blocker], let namespace = blocker.namespace else { continue }
            entry.probeDue = now + probeInterval(namespace)
            // Seldom: pods come and go without another number of them.
            if entry.review.hasGaps || entry.hasAllowedSinceReview, now - entry.reviewedAt >= policy.budgetProbeInterval
            {
                entry.reviewedStatus = nil
            }
            if entry.outstanding(pods) == 0, let next = prober(entry, pods) {
                entry.let(next, .probe)
                released.append(next)
            }
            entries[blocker] = entry
        }
        return released
    }

    /// The watch began, or ended: one or the other interval holds from now on.
    mutating func livenessChanged(at now: Timestamp) {
        for blocker in active {
            guard let namespace = blocker.namespace, var entry = entries[blocker],
                entry.isLive != feeds.isLive(namespace)
            else { continue }
            entry.isLive.toggle()
            let next = now + probeInterval(namespace)
            entry.probeDue = entry.isLive ? max(entry.probeDue, next) : min(entry.probeDue, next)
            entries[blocker] = entry
        }
    }

    func nextWake(pods: [PodEviction], after now: Timestamp) -> Timestamp? {
        var wakes = [feeds.nextWake]
        for entry in entries.values where entry.isActive {
            // Nobody is sent before those who are on their way have come back.
            if entry.outstanding(pods) == 0 { wakes.append(entry.probeDue) }
            wakes.append(entry.judge.nextChange(after: now))
        }
        return wakes.compactMap { $0 }.min()
    }

    /// Blockers that hold somebody up, in a stable order.
    var active: [Blocker] { order.filter { entries[$0]?.isActive == true } }
}

// MARK: - What is thought of them

extension BudgetBook {
    /// Judgements that have changed since they were last told.
    mutating func judgements(pods: [PodEviction], at now: Timestamp) -> [Judgement] {
        active.compactMap { blocker in
            guard let entry = entries[blocker], entry.isToBeJudged(at: now) else { return nil }
            entries[blocker]?.mayBeJudgedAnew = false
            let judgement = judgement(entry, pods, at: now)
            guard judgement != entry.told else { return nil }
            entries[blocker]?.told = judgement
            return judgement
        }
    }

    /// What is to be asked so that they can be judged: whom a budget guards, whenever that may have changed.
    mutating func reviews(at now: Timestamp) -> [DrainRequest] {
        var requests: [DrainRequest] = []
        for blocker in active {
            guard var entry = entries[blocker], let budget = entry.judge.budget, budget.isCurrent,
                entry.reviewedStatus != ReviewCause(budget)
            else { continue }
            guard entry.needsReview(at: now) else { continue }
            guard !entry.review.isUnderWay else {
                // What it finds is of before and after: once more, even if all is as it was by then.
                entries[blocker]?.reviewedStatus = nil
                continue
            }
            entry.reviewedStatus = ReviewCause(budget)
            entry.reviewedAt = now
            entry.hasAllowedSinceReview = false
            requests += entry.review.begin(budget)
            entry.mayBeJudgedAnew = true
            entries[blocker] = entry
        }
        return requests
    }

    mutating func reviewed(_ key: BudgetKey, _ body: (inout BudgetReview) -> [DrainRequest]) -> [DrainRequest] {
        guard var entry = entries[key.blocker] else { return [] }
        let requests = body(&entry.review)
        entry.mayBeJudgedAnew = true
        entries[key.blocker] = entry
        return requests
    }

    /// Its blocker will never allow it as things stand.
    func isBlockedForGood(_ index: Int, at now: Timestamp) -> Bool {
        entryOf[index].flatMap { entries[$0] }?.verdict(at: now).isForGood ?? false
    }

    private func judgement(_ entry: BudgetEntry, _ pods: [PodEviction], at now: Timestamp) -> Judgement {
        let verdict = entry.verdict(at: now)
        guard let key = entry.key else {
            let namespace = entry.blocker.namespace ?? ""
            let one = entry.blocked.union(entry.asking.keys).min()
            let names = one.map { budgets(of: pods[$0]).map(\.metadata.name).sorted() } ?? []
            return Judgement(
                blocker: entry.blocker, verdict: verdict, advice: BudgetAdvice.several(names, namespace: namespace),
                since: entry.since)
        }
        var status = entry.judge.budget?.status
        // Who is being disrupted is no news.
        status?.disruptedPods = [:]
        return Judgement(
            blocker: entry.blocker, verdict: verdict,
            advice: BudgetAdvice.text(verdict, key, entry.judge, entry.review), since: entry.since, status: status)
    }
}

// MARK: - Whom they let try

extension BudgetBook {
    private func begun(_ blocker: Blocker, at now: Timestamp) -> BudgetEntry {
        var entry = BudgetEntry(blocker, at: now)
        if let key = entry.key, let budget = known[key] { entry.judge.seen(budget, at: now) }
        return entry
    }

    private func probeInterval(_ namespace: String) -> Duration {
        feeds.isLive(namespace) ? policy.budgetProbeInterval : policy.budgetRetryInterval
    }

    private func isOfInterest(_ namespace: String) -> Bool {
        entries.keys.contains { $0.namespace == namespace } || (feeds.isCommon && namespaces.contains(namespace))
    }

    /// As many as its last status allows, and no more.
    private mutating func release(_ blocker: Blocker, pods: [PodEviction]) -> [Int] {
        guard var entry = entries[blocker], entry.unspent > 0 else { return [] }
        var released: [Int] = []
        while entry.unspent > 0, let next = candidate(entry, pods) {
            entry.unspent -= 1
            entry.let(next, .permit)
            released.append(next)
        }
        entries[blocker] = entry
        return released
    }

    /// The first of those that wait; our own pod when no other waits.
    private func candidate(_ entry: BudgetEntry, _ pods: [PodEviction]) -> Int? {
        entry.blocked.min { (pods[$0].isSelf ? 1 : 0, $0) < (pods[$1].isSelf ? 1 : 0, $1) }
    }

    /// Each in turn: an answer about one says little about the others when nobody can read the budget.
    private func prober(_ entry: BudgetEntry, _ pods: [PodEviction]) -> Int? {
        entry.blocked.min {
            (pods[$0].isSelf ? 1 : 0, pods[$0].attempts, $0) < (pods[$1].isSelf ? 1 : 0, pods[$1].attempts, $1)
        }
    }

    /// Those whom the budget does not guard, or does not count: the server will let them go.
    private mutating func free(_ blocker: Blocker, pods: [PodEviction]) -> [Int] {
        guard var entry = entries[blocker] else { return [] }
        let released = entry.blocked.filter { index in
            guard !entry.refusedFreed.contains(index) else { return false }
            // No budget guards what does not run, even one that nobody may read.
            return !pods[index].isRunning || entry.judge.budget.map { !$0.guards(pods[index]) } ?? false
        }.sorted()
        for index in released { entry.let(index, .free) }
        entries[blocker] = entry
        return released
    }

    /// Pods that several budgets selected, and now at most one does, or that do not run any more.
    private mutating func freeFromSeveral(_ namespace: String, pods: [PodEviction]) -> [Int] {
        let blocker = Blocker.severalBudgets(namespace: namespace)
        guard var entry = entries[blocker], !entry.blocked.isEmpty else { return [] }
        let released = entry.blocked.filter { !pods[$0].isRunning || budgets(of: pods[$0]).count <= 1 }.sorted()
        for index in released { entry.let(index, .free) }
        entries[blocker] = entry
        return released
    }

    private func budgets(of pod: PodEviction) -> [Budget] {
        known.values.filter { $0.selects(namespace: pod.pod.namespace, labels: pod.labels) }
    }

    /// Some blocker's queued pods have not been looked for.
    var mayHaveSiblings: Bool { entries.values.contains { $0.mayHaveSiblings } }

    /// Queued pods that a blocker guards, and that it would refuse like their sibling.
    mutating func siblings(of queued: [Int], pods: [PodEviction]) -> [(index: Int, blocker: Blocker, message: String)] {
        var found: [(index: Int, blocker: Blocker, message: String)] = []
        for blocker in active {
            guard let entry = entries[blocker], entry.mayHaveSiblings, let budget = entry.judge.budget else { continue }
            entries[blocker]?.hasHeldBack = true
            for index in queued where !pods[index].isSelf && budget.guards(pods[index]) {
                found.append((index, blocker, entry.lastMessage))
            }
        }
        return found
    }

    /// New pods are queued: some may be guarded.
    mutating func podsQueued() {
        for blocker in entries.keys { entries[blocker]?.hasHeldBack = false }
    }

    /// The watch for all, if it began before, has not kept the budgets beside it.
    mutating func podAdded(in namespace: String) {
        if namespaces.insert(namespace).inserted { feeds.relistCommon() }
    }

    /// Nobody is left there to be asked for: its budgets are of no more interest.
    mutating func forget(namespace: String) {
        feeds.drop(namespace)
        entries = entries.compactMapValues { entry in
            guard !entry.isActive, entry.blocker.namespace == namespace else { return entry }
            return entry.review.isUnderWay ? BudgetEntry(entry.blocker, at: entry.since, review: entry.review) : nil
        }
        order.removeAll { entries[$0] == nil }
        // The watch for all does not tell of them again.
        if !feeds.isCommon { known = known.filter { $0.key.namespace != namespace } }
    }
}

extension Budget {
    /// It has a say in this pod's eviction: the pod runs and is ready, or is not and counts nonetheless. Pods that do not
    /// run, and unhealthy ones of a budget that is content or says `AlwaysAllow`, pass.
    func guards(_ pod: PodEviction) -> Bool {
        guard selects(namespace: pod.pod.namespace, labels: pod.labels), pod.isRunning else { return false }
        // As the server does, whether its status is of today or not.
        guard !pod.isReady else { return true }
        if spec.unhealthyPodEvictionPolicy == "AlwaysAllow" { return false }
        return !(status.desiredHealthy > 0 && status.currentHealthy >= status.desiredHealthy)
    }
}
