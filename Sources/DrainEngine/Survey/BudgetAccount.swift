import KubernetesAPI
import Timestamps

/// What a budget will allow, pod by pod, as a forecast goes through them: dry runs do not add up, so this does.
struct BudgetAccount {
    let key: BudgetKey
    /// `nil`: nobody may read it.
    let budget: Budget?
    let verdict: BudgetVerdict
    let advice: String
    /// Evictions in each round but the first.
    private let steady: Int
    /// Pods of the node it guards.
    var pods = 0
    private(set) var now = 0
    private(set) var unmanagedNow = 0
    private(set) var waiting = 0

    /// Judged as it is when what it allows now has been used up, for only then does it make anybody wait.
    ///
    /// `unmanagedGone`: pods that go in the first round, and that nobody will replace.
    init(_ budget: Budget, review: BudgetReview?, unmanagedGone: Int, at now: Timestamp) {
        key = BudgetKey(budget)
        self.budget = budget
        let review = review ?? BudgetReview(key)
        var spent = budget
        spent.status.disruptionsAllowed = min(0, budget.status.disruptionsAllowed)
        spent.status.currentHealthy -= max(0, budget.status.disruptionsAllowed)
        var judge = BudgetJudge()
        judge.seen(spent, at: Self.standsSince(budget, at: now))
        let room = judge.ceiling(budget, review).map { $0 - unmanagedGone - budget.status.desiredHealthy }
        steady = max(1, room ?? 1)
        var verdict = judge.verdict(review, at: now)
        if verdict == .waiting, judge.fault == nil, unmanagedGone > 0, let room, room <= 0 { verdict = .unsatisfiable }
        self.verdict = verdict
        advice = BudgetAdvice.text(verdict, key, judge, review)
    }

    /// Known by a refusal only.
    init(_ key: BudgetKey) {
        self.key = key
        budget = nil
        verdict = .waiting
        advice = ""
        steady = 1
    }

    var allowed: Int { max(0, budget?.status.disruptionsAllowed ?? 0) }

    /// Whether one more pod goes now; counts it.
    mutating func admits(_ pod: Pod) -> Bool {
        guard now < allowed else { return false }
        // One that is not ready uses up nothing: the controller does not count it among the healthy.
        guard pod.isReady else { return true }
        now += 1
        if pod.metadata.controller == nil { unmanagedNow += 1 }
        return true
    }

    /// A pod that is not ready and need not be guarded: the server asks the budget's counts only.
    func letsPass(_ pod: Pod) -> Bool {
        guard let budget, !pod.isReady else { return false }
        return budget.spec.unhealthyPodEvictionPolicy == "AlwaysAllow"
            || (budget.status.currentHealthy >= budget.status.desiredHealthy && budget.status.desiredHealthy > 0)
    }

    /// The round in which one more pod goes that does not go now; counts it.
    mutating func roundOfNext() -> Int? {
        waiting += 1
        guard budget != nil, !verdict.isForGood else { return nil }
        return (now > 0 ? 2 : 1) + (waiting - 1) / steady
    }

    var rounds: Int? {
        guard waiting > 0 else { return now > 0 ? 1 : 0 }
        guard budget != nil, !verdict.isForGood else { return nil }
        return (now > 0 ? 1 : 0) + (waiting + steady - 1) / steady
    }

    /// Since when its status has said what it says, as far as it tells: a sync that has just failed is no news yet.
    private static func standsSince(_ budget: Budget, at now: Timestamp) -> Timestamp {
        guard budget.status.observedGeneration > 0 else { return budget.metadata.creationTimestamp ?? now }
        guard budget.isCurrent else { return now }
        let condition = budget.status.conditions.first { $0.type == "DisruptionAllowed" && $0.status == "False" }
        return condition?.lastTransitionTime ?? now
    }
}
