import KubernetesAPI
import Timestamps

/// One blocker of this drain: who waits for it, whom it lets try, and what is thought of it.
struct BudgetEntry {
    /// Why a pod that is blocked is asked for again.
    enum Leave {
        /// The budget allows one more.
        case permit
        /// To find out whether it allows one, though it does not say so.
        case probe
        /// The budget does not guard this pod, or no longer.
        case free
    }

    let blocker: Blocker
    /// `nil`: several budgets at once.
    let key: BudgetKey?
    /// The first refusal since it last blocked nobody.
    var since: Timestamp
    /// Pods that wait for it and are not asked for.
    var blocked: Set<Int> = []
    /// Pods that are asked for again, until they are answered.
    var asking: [Int: Leave] = [:]
    /// Evictions that it allows, by its last status, and nobody has been sent for.
    var unspent = 0
    /// When one is asked for, whatever the budget says.
    var probeDue: Timestamp
    /// Whether the budget was watched when that was decided.
    var isLive = false
    /// Pods that were refused though the budget does not count them; not tried again before the budget changes.
    var refusedFreed: Set<Int> = []
    /// Every queued pod that it guards waits for it: none need be looked for.
    var hasHeldBack = false
    var lastMessage = ""
    var judge = BudgetJudge()
    var review: BudgetReview
    /// What made the last review necessary.
    var reviewedStatus: ReviewCause?
    var reviewedAt: Timestamp
    /// Some of those whom it guarded then may have gone by its leave.
    var hasAllowedSinceReview = false
    var told: Judgement?
    /// Something has changed that its judgement says.
    var mayBeJudgedAnew = true

    /// `review`: one that is under way already.
    init(_ blocker: Blocker, at now: Timestamp, review: BudgetReview? = nil) {
        self.blocker = blocker
        key = BudgetKey(blocker)
        since = now
        probeDue = now
        reviewedAt = now
        self.review = review ?? BudgetReview(key ?? BudgetKey(namespace: blocker.namespace ?? "", name: ""))
    }

    var isActive: Bool { !blocked.isEmpty || !asking.isEmpty }

    var mayHaveSiblings: Bool { !hasHeldBack && unspent == 0 && !blocked.isEmpty && judge.budget != nil }

    /// Pods sent for within its allowance, or to find out about it. One that is only tried again and again keeps nothing
    /// from the others.
    func outstanding(_ pods: [PodEviction]) -> Int {
        asking.count { $0.value != .free && pods[$0.key].phase != .retrying }
    }

    /// Those of them that its status has not counted: what was accepted and not answered yet is in `disruptedPods`.
    func uncounted(_ budget: Budget, _ pods: [PodEviction]) -> Int {
        asking.count {
            $0.value != .free && pods[$0.key].phase != .retrying
                && budget.status.disruptedPods[pods[$0.key].pod.name] == nil
        }
    }

    mutating func `let`(_ index: Int, _ leave: Leave) {
        blocked.remove(index)
        asking[index] = leave
    }

    /// An integer minAvailable is measured against the owners; else they are of interest for advice only.
    func needsReview(at now: Timestamp) -> Bool {
        guard case .int? = judge.budget?.spec.minAvailable else {
            let verdict = verdict(at: now)
            return verdict == .unsatisfiable || verdict == .unhealthy
        }
        return true
    }

    /// Time alone can change the verdict only; what several budgets have in common depends on the pods.
    func isToBeJudged(at now: Timestamp) -> Bool {
        mayBeJudgedAnew || key == nil || told?.verdict != verdict(at: now)
    }

    func verdict(at now: Timestamp) -> BudgetVerdict {
        key == nil ? .misconfigured : judge.verdict(review, at: now)
    }
}

extension BudgetKey {
    /// `nil`: no budget can be named.
    init?(_ blocker: Blocker) {
        guard case .budget(let namespace, let name) = blocker else { return nil }
        self.init(namespace: namespace, name: name)
    }

    var blocker: Blocker { .budget(namespace: namespace, name: name) }
}

extension Blocker {
    /// Where the budgets are; `nil`: it is none.
    var namespace: String? {
        switch self {
        case .budget(let namespace, _), .severalBudgets(let namespace): namespace
        case .webhook: nil
        }
    }
}

/// What in a budget makes it worth finding out anew whom it guards.
struct ReviewCause: Equatable {
    var generation: Int
    var expectedPods: Int

    init(_ budget: Budget) {
        generation = budget.metadata.generation
        expectedPods = budget.status.expectedPods
    }
}
