import KubernetesAPI

/// What a person can do about a budget: which number of which object to change.
enum BudgetAdvice {
    static func text(_ verdict: BudgetVerdict, _ key: BudgetKey, _ judge: BudgetJudge, _ review: BudgetReview) -> String
    {
        switch verdict {
        case .waiting: ""
        case .unsatisfiable: judge.budget.map { unsatisfiable($0, key, review.result) } ?? ""
        case .misconfigured: misconfigured(judge.fault, key)
        case .unhealthy: judge.budget.map { unhealthy($0, key, review.result) } ?? ""
        }
    }

    /// One pod, several budgets: the API server refuses to choose.
    static func several(_ names: [String], namespace: String) -> String {
        guard names.count > 1 else {
            return
                "several PodDisruptionBudgets of namespace \(namespace) select the pod, and the API server evicts no "
                + "such pod: make their selectors disjoint"
        }
        return
            "the pod is selected by PodDisruptionBudgets \(names.joined(separator: ", ")) of namespace \(namespace), "
            + "and the API server evicts no such pod: make their selectors disjoint"
    }

    private static func unsatisfiable(_ budget: Budget, _ key: BudgetKey, _ guarded: GuardedPods?) -> String {
        let desired = budget.status.desiredHealthy
        let scale = guarded.flatMap { scaling($0, above: desired) }
        if let least = budget.spec.minAvailable {
            let lower = lower(least, of: budget.status.expectedPods)
            let want = "PodDisruptionBudget \(key) wants \(desired) healthy (minAvailable \(least))"
            if let scale { return "\(want) and \(scale.have): \(scale.advice), or \(lower)" }
            return "\(want) and there are never more than \(budget.status.expectedPods) pods: \(lower)"
        }
        let most = budget.spec.maxUnavailable.map { "\($0)" } ?? "unset"
        return
            "PodDisruptionBudget \(key) never allows an eviction (maxUnavailable \(most)): set maxUnavailable to 1 or more"
    }

    private static func lower(_ least: IntOrPercent, of pods: Int) -> String {
        switch least {
        case .int(let value):
            let most = max(0, min(value, pods) - 1)
            return "set minAvailable to \(most)\(most == 0 ? "" : " or less")"
        case .percent:
            guard pods > 0 else { return "lower minAvailable" }
            // The controller rounds up: the largest share that leaves one pod over.
            return "set minAvailable to \((pods - 1) * 100 / pods)% or less"
        }
    }

    private static func scaling(_ guarded: GuardedPods, above desired: Int) -> (have: String, advice: String)? {
        let tops = guarded.tops
        guard let first = tops.first, let workload = guarded.workloads[first], let capacity = guarded.capacity else {
            guard guarded.bare > 0, !guarded.hasUnknownOwners else { return nil }
            return ("its \(guarded.bare) pods have no owner", "give them one that keeps more than \(desired)")
        }
        guard tops.count == 1, guarded.bare == 0 else {
            return ("its \(tops.count) owners keep \(capacity) together", "scale them to more than \(desired)")
        }
        return ("\(first) keeps \(workload.replicas)", "scale it to \(desired + 1) or more")
    }

    private static func misconfigured(_ fault: BudgetJudge.Fault?, _ key: BudgetKey) -> String {
        switch fault {
        case .syncFailed(let message):
            "the disruption controller cannot work PodDisruptionBudget \(key) out: \(message): every pod that it selects "
                + "needs an owner with a scale, or minAvailable must be a number"
        case .unprocessed:
            "the disruption controller has not worked PodDisruptionBudget \(key) out: every pod that it selects needs an "
                + "owner with a scale, or minAvailable must be a number; and kube-controller-manager must be running"
        case .uncounted:
            "the disruption controller no longer keeps PodDisruptionBudget \(key) up: every pod that it selects needs an "
                + "owner with a scale, or minAvailable must be a number; and kube-controller-manager must be running"
        case .empty, nil: "PodDisruptionBudget \(key) counts no pods: check its selector"
        }
    }

    private static func unhealthy(_ budget: Budget, _ key: BudgetKey, _ guarded: GuardedPods?) -> String {
        let status = budget.status
        var text =
            "PodDisruptionBudget \(key) wants \(status.desiredHealthy) healthy and has \(status.currentHealthy)"
        if let guarded, !guarded.unready.isEmpty {
            let more = guarded.unreadyCount > guarded.unready.count ? ", …" : ""
            text += "; not ready: \(guarded.unready.joined(separator: ", "))\(more)"
        }
        guard budget.spec.unhealthyPodEvictionPolicy != "AlwaysAllow" else { return text + ": mend them" }
        return text + ": mend them, or set unhealthyPodEvictionPolicy to AlwaysAllow so that they may go"
    }
}
