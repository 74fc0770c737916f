import KubernetesAPI

/// Finds out whom a budget guards: one list of its pods, then one read an owner. Says what to ask, and keeps what was
/// answered.
struct BudgetReview {
    enum State: Equatable {
        /// → listing
        case idle
        /// → reading, done, unavailable
        case listing
        /// → done
        case reading(Set<Workload.Key>)
        case done
        /// The pods could not be listed: why.
        case unavailable(String)
    }

    /// More owners than this are not read: what they add up to is then unknown.
    static let ownersLimit = 20

    let key: BudgetKey
    private(set) var state = State.idle
    private(set) var guarded = GuardedPods()
    /// What the last one that came to its end found: it holds while the next is under way, unless the budget has changed.
    private(set) var result: GuardedPods?
    /// Something could not be had that may be had another time.
    private(set) var hasGaps = false
    private var generation: Int?
    /// The budget's version that made it necessary: a list from before says little about it.
    private var version: UInt64?

    init(_ key: BudgetKey) { self.key = key }

    /// Nothing more will be known, though the review is not done.
    var hasFailed: Bool { if case .unavailable = state { true } else { false } }

    var isUnderWay: Bool {
        switch state {
        case .listing, .reading: true
        case .idle, .done, .unavailable: false
        }
    }

    /// Begins, or begins again; nothing while it is under way or where the budget guards nothing.
    mutating func begin(_ budget: Budget) -> [DrainRequest] {
        guard !isUnderWay, let selector = budget.spec.selector else { return [] }
        state = .listing
        hasGaps = false
        if generation != budget.metadata.generation { result = nil }
        generation = budget.metadata.generation
        version = UInt64(budget.metadata.resourceVersion)
        return [
            DrainRequest(
                purpose: .budgetPods(key), call: .listSelectedPods(namespace: key.namespace, selector))
        ]
    }

    mutating func podsListed(_ exchange: Exchange) -> [DrainRequest] {
        guard state == .listing else { return [] }
        guard case .success(_, .pods(let list)) = exchange.answer else {
            state = .unavailable(exchange.answer.refusalText)
            result = nil
            hasGaps = true
            return []
        }
        if let version, let listed = UInt64(list.resourceVersion), listed < version { hasGaps = true }
        guarded = GuardedPods()
        for pod in list.items where !pod.isFinished && !pod.isTerminating { count(pod) }
        let keys = Set(guarded.controllers.values)
        if keys.count > Self.ownersLimit { guarded.hasUnknownOwners = true }
        let asked = keys.sorted { $0.description < $1.description }.prefix(Self.ownersLimit)
        goOn(Set(asked))
        return asked.map(read)
    }

    /// An owner that cannot be read makes the number unknown; a ReplicaSet's Deployment is read for what can be advised.
    mutating func ownerRead(_ workload: Workload.Key, _ exchange: Exchange) -> [DrainRequest] {
        guard case .reading(var left) = state, left.remove(workload) != nil else { return [] }
        var next: [DrainRequest] = []
        if case .success(_, .workload(let read)) = exchange.answer {
            guarded.workloads[workload] = read
            if let owner = read.metadata.controller,
                let above = Workload.Key(owner, namespace: workload.namespace), guarded.workloads[above] == nil,
                left.insert(above).inserted
            {
                next = [self.read(above)]
            }
        } else if guarded.controllers.values.contains(workload) {
            guarded.hasUnknownOwners = true
            if exchange.code != 404 { hasGaps = true }
        }
        goOn(left)
        return next
    }

    private mutating func goOn(_ owners: Set<Workload.Key>) {
        state = owners.isEmpty ? .done : .reading(owners)
        if owners.isEmpty { result = guarded }
    }

    private func read(_ workload: Workload.Key) -> DrainRequest {
        DrainRequest(purpose: .budgetOwner(key, workload), call: .readWorkload(workload))
    }

    private mutating func count(_ pod: Pod) {
        if !pod.isReady {
            guarded.unreadyCount += 1
            if guarded.unready.count < GuardedPods.namesLimit { guarded.unready.append(pod.metadata.name) }
        }
        guard let owner = pod.metadata.controller else {
            guarded.bare += 1
            return
        }
        guard let controller = Workload.Key(owner, namespace: pod.metadata.namespace) else {
            guarded.hasUnknownOwners = true
            return
        }
        guarded.controllers[pod.metadata.uid] = controller
    }
}
