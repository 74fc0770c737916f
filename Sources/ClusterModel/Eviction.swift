internal import KubernetesAPI

// The order of the checks is the API server's (pkg/registry/core/pod/storage/eviction.go).
extension ClusterModel {
    /// More evictions than these unconfirmed on one budget, and the server refuses the next.
    private static let maxDisruptedPods = 2000

    mutating func evict(_ eviction: EvictionRequest) -> ModelResponse {
        guard eviction.bodyName == eviction.name else {
            return refuse(.badRequest("name in URL does not match name in Eviction object"))
        }
        guard let namespace = namespaces.first(where: { $0.metadata.name == eviction.namespace }) else {
            return refuse(.notFound(.namespaces, eviction.namespace))
        }
        guard !namespace.isTerminating else {
            return refuse(.namespaceTerminating(eviction.namespace, .pods, eviction.name))
        }
        guard let handle = pods.find(namespace: eviction.namespace, name: eviction.name), let record = pods[handle]
        else {
            return refuse(.notFound(.pods, eviction.name))
        }
        if record.pod.isFinished || record.pod.status.phase == "Pending" || record.pod.isTerminating {
            // The server takes the conflict for one that passes, and retries for ten seconds.
            if let refusal = uidMismatch(record, eviction.uid) {
                return ModelResponse(.status(refusal), delay: .seconds(10))
            }
            return carryOut(eviction, handle)
        }
        return askBudget(eviction, handle, record)
    }

    private mutating func askBudget(
        _ eviction: EvictionRequest, _ handle: PodHandle, _ record: PodRecord
    ) -> ModelResponse {
        guard record.budgets.count <= 1 else { return refuse(.severalBudgets) }
        guard let budget = record.budgets.first else {
            if let refusal = uidMismatch(record, eviction.uid) { return refuse(refusal) }
            return carryOut(eviction, handle)
        }
        if !record.pod.isReady, mayEvictUnready(budgets[budget]) {
            if uidMismatch(record, eviction.uid) != nil {
                return refuse(.budgetNotReady(budgets[budget].metadata.name))
            }
            return carryOut(eviction, handle)
        }
        if let refusal = checkAndDecrement(budget, pod: eviction.name, dryRun: eviction.dryRun) {
            return refuse(refusal)
        }
        // Only now: an eviction with a stale UID has already used up a disruption.
        if let refusal = uidMismatch(record, eviction.uid) { return refuse(refusal) }
        return carryOut(eviction, handle)
    }

    /// A pod that is not ready does not count as healthy, and need not be guarded.
    private func mayEvictUnready(_ budget: BudgetRecord) -> Bool {
        budget.unhealthyPodEvictionPolicy == .alwaysAllow
            || (budget.status.currentHealthy >= budget.status.desiredHealthy && budget.status.desiredHealthy > 0)
    }

    private mutating func checkAndDecrement(_ index: Int, pod: String, dryRun: Bool) -> APIStatus? {
        let budget = budgets[index]
        let name = budget.metadata.name
        guard budget.status.observedGeneration >= budget.metadata.generation else { return .budgetNotReady(name) }
        guard budget.status.disruptionsAllowed >= 0 else {
            return .budgetForbids(name, "pdb disruptions allowed is negative")
        }
        guard budget.status.disruptedPods.count <= Self.maxDisruptedPods else {
            return .budgetForbids(
                name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller")
        }
        guard budget.status.disruptionsAllowed > 0 else { return .disruptionBudget(denial(budget)) }
        guard !dryRun else { return nil }
        let (exact, moment) = (now, second)
        changeBudget(index) {
            $0.status.disruptionsAllowed -= 1
            $0.status.disruptedPods[pod] = exact
            if $0.status.disruptionsAllowed == 0 {
                $0.status.setAllowed(at: moment, generation: $0.metadata.generation)
            }
        }
        planSync(index)
        return nil
    }

    private func denial(_ budget: BudgetRecord) -> String {
        let name = budget.metadata.name
        if let failure = budget.status.syncFailure {
            return
                "The disruption budget \(name) does not allow evicting pods currently because it failed sync: \(failure)"
        }
        guard budget.status.currentHealthy <= budget.status.desiredHealthy else {
            return "The disruption budget \(name) does not allow evicting pods currently"
        }
        return "The disruption budget \(name) needs \(budget.status.desiredHealthy) healthy pods and has "
            + "\(budget.status.currentHealthy) currently"
    }

    private mutating func carryOut(_ eviction: EvictionRequest, _ handle: PodHandle) -> ModelResponse {
        guard !eviction.dryRun else { return ModelResponse(.status(.created)) }
        let moment = second
        change(handle) {
            $0.pod.status.set(
                "DisruptionTarget", true, at: moment, reason: "EvictionByEvictionAPI", message: "Eviction API: evicting"
            )
        }
        beginDeletion(handle, gracePeriodSeconds: eviction.gracePeriodSeconds)
        return ModelResponse(.status(.created))
    }

    private func refuse(_ status: APIStatus) -> ModelResponse { ModelResponse(.status(status)) }
}
