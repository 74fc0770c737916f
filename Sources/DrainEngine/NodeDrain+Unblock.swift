import KubernetesAPI
import Timestamps

// Budgets that can never allow: what is done instead of waiting for a person.
extension NodeDrain {
    /// Restarts the owners of pods that are blocked for good, where that is wanted and helps.
    mutating func unblock(at now: Timestamp, into step: inout DrainStep) {
        guard case .draining = stage, mayEvict else { return }
        if unblocking.mayHaveNews {
            unblocking.mayHaveNews = false
            for blocker in drain.budgets.active { despair(of: blocker, at: now, into: &step) }
        }
        send(unblocking.sendDue(at: now), into: &step)
    }

    /// An answer about whom a budget guards: what is asked next, while it matters.
    mutating func reviewed(
        _ key: BudgetKey, into step: inout DrainStep, _ body: (inout BudgetReview) -> [DrainRequest]
    ) {
        let requests = drain.budgets.reviewed(key, body)
        guard isUnderWay else { return }
        send(requests, into: &step)
        unblocking.mayHaveNews = true
    }

    private mutating func despair(of blocker: Blocker, at now: Timestamp, into step: inout DrainStep) {
        guard let entry = drain.budgets.entries[blocker], entry.verdict(at: now) == .unsatisfiable,
            let budget = entry.key, let guarded = entry.review.result
        else { return }
        var owners: [Workload.Key: Workload?] = [:]
        for index in entry.blocked.union(entry.asking.keys) {
            guard let controller = guarded.controllers[drain.pods[index].pod.uid] else { continue }
            let top = guarded.top(of: controller)
            owners[top] = .some(guarded.workloads[top])
        }
        tell(unblocking.despaired(of: budget, owners: owners, policy.unblock, at: now), at: now, into: &step)
    }
}
