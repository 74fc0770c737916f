import KubernetesAPI
import Timestamps

/// Makes a verdict on one budget from what its status, its refusals and its pods' owners say, and since when.
struct BudgetJudge {
    /// What keeps the budget's numbers from being believed.
    enum Fault: Equatable {
        case syncFailed(String)
        /// No status for the spec as it is.
        case unprocessed
        /// Its allowance does not follow from its counts: a failed sync zeroes it over stale ones.
        case uncounted
        /// It counts no pods, though it refuses some.
        case empty

        /// How long it must last before it is called misconfigured: a sync that fails once is no news.
        var patience: Duration {
            switch self {
            case .syncFailed, .unprocessed, .uncounted: .seconds(30)
            case .empty: .seconds(5)
            }
        }
    }

    static let unhealthyPatience = Duration.seconds(60)

    private(set) var budget: Budget?
    /// The most pods that it has counted: fewer may only be between a pod and its successor.
    private var most = 0
    private(set) var fault: Fault?
    private var faultSince: Timestamp?
    private var unhealthySince: Timestamp?

    mutating func seen(_ budget: Budget, at now: Timestamp) {
        let isSameSpec = self.budget?.metadata.generation == budget.metadata.generation
        most = max(isSameSpec ? most : 0, budget.status.expectedPods)
        self.budget = budget
        note(Self.fault(of: budget), at: now)
        let isUnhealthy = budget.isCurrent && budget.status.currentHealthy < budget.status.desiredHealthy
        unhealthySince = isUnhealthy ? unhealthySince ?? now : nil
    }

    /// Nobody may read the budget: its refusals are all there is.
    mutating func refused(_ message: String, at now: Timestamp) {
        guard budget == nil else { return }
        note(message.contains("still being processed") ? .unprocessed : nil, at: now)
    }

    func verdict(_ review: BudgetReview, at now: Timestamp) -> BudgetVerdict {
        if let fault, let faultSince, now - faultSince >= fault.patience { return .misconfigured }
        guard let budget, budget.isCurrent, budget.status.disruptionsAllowed <= 0, fault == nil else { return .waiting }
        if let ceiling = ceiling(budget, review), budget.status.desiredHealthy >= ceiling { return .unsatisfiable }
        if let unhealthySince, now - unhealthySince >= Self.unhealthyPatience { return .unhealthy }
        return .waiting
    }

    /// When time alone can change the verdict.
    func nextChange(after now: Timestamp) -> Timestamp? {
        [
            fault.flatMap { fault in faultSince.map { $0 + fault.patience } },
            unhealthySince.map { $0 + Self.unhealthyPatience },
        ].compactMap { $0 }.filter { $0 > now }.min()
    }

    /// What there can ever be. The status counts failed pods into an integer's expectedPods, so there the owners are asked.
    func ceiling(_ budget: Budget, _ review: BudgetReview) -> Int? {
        guard case .int? = budget.spec.minAvailable else { return budget.status.expectedPods }
        if let guarded = review.result { return guarded.capacity ?? most }
        return review.hasFailed ? most : nil
    }

    private mutating func note(_ fault: Fault?, at now: Timestamp) {
        if self.fault?.patience != fault?.patience { faultSince = fault == nil ? nil : now }
        self.fault = fault
    }

    private static func fault(of budget: Budget) -> Fault? {
        let status = budget.status
        if let message = budget.status.syncFailure { return .syncFailed(message) }
        if !budget.isCurrent { return .unprocessed }
        if status.expectedPods == 0 { return .empty }
        if status.disruptionsAllowed == 0, status.currentHealthy > status.desiredHealthy { return .uncounted }
        return nil
    }
}
