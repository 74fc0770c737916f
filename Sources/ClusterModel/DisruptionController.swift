internal import KubernetesAPI
internal import Timestamps

// The arithmetic is the disruption controller's (pkg/controller/disruption/disruption.go).
extension ClusterModel {
    /// An eviction that did not come true within this is no longer counted on.
    private static let disruptionTimeout = Duration.seconds(120)

    /// Changes a budget, gives it a new version and tells the watches.
    mutating func changeBudget(_ index: Int, _ body: (inout BudgetRecord) -> Void) {
        let previous = budgets[index]
        body(&budgets[index])
        guard budgets[index] != previous else { return }
        budgets[index].metadata.resourceVersion = String(nextRevision())
        record(.modified, .budget(budgets[index]), previous: .budget(previous))
    }

    mutating func planSync(_ index: Int) {
        guard !budgets[index].isSyncDue, !budgets[index].isDeleted else { return }
        budgets[index].isSyncDue = true
        plan(.syncBudget(index), after: timing.budgetSync)
    }

    mutating func syncBudget(_ index: Int) {
        budgets[index].isSyncDue = false
        guard !budgets[index].isDeleted else { return }
        switch expectations(budgets[index], index) {
        case .failure(let failure): failSync(index, failure.message)
        case .success(let expected): updateStatus(index, expected)
        }
    }

    private struct Expectations {
        var pods: Int
        var desiredHealthy: Int
    }

    private struct SyncFailure: Error {
        var message: String
    }

    private func expectations(_ budget: BudgetRecord, _ index: Int) -> Result<Expectations, SyncFailure> {
        switch budget.limit {
        case .minAvailable(.int(let number)):
            return .success(Expectations(pods: selectedCount(index), desiredHealthy: number))
        case .minAvailable(let share):
            return expectedScale(index).map { Expectations(pods: $0, desiredHealthy: share.resolved(of: $0, .up)) }
        case .maxUnavailable(let limit):
            return expectedScale(index).map {
                Expectations(pods: $0, desiredHealthy: max(0, $0 - limit.resolved(of: $0, .up)))
            }
        }
    }

    private func selectedCount(_ index: Int) -> Int {
        var count = 0
        pods.forEach { _, facts in if facts.budgets.contains(index) { count += 1 } }
        return count
    }

    /// The sum of the pods' controllers' replicas; pods without a controller are not counted.
    private func expectedScale(_ index: Int) -> Result<Int, SyncFailure> {
        var owners: Set<Int> = []
        var failure: String?
        pods.forEach { _, facts in
            guard failure == nil, facts.budgets.contains(index), facts.hasController else { return }
            if let workload = facts.workload, !workloads[workload].isDeleted {
                failure = workloads[workload].missingScale
                owners.insert(workload)
            } else {
                failure = "found no controllers for pod \"\(facts.name)\""
            }
        }
        if let failure { return .failure(SyncFailure(message: failure)) }
        return .success(owners.reduce(0) { $0 + workloads[$1].replicas })
    }

    private mutating func updateStatus(_ index: Int, _ expected: Expectations) {
        let disrupted = confirmDisruptions(index)
        var healthy = 0
        pods.forEach { _, facts in
            guard facts.budgets.contains(index), !facts.isTerminating, facts.isReady else { return }
            if disrupted[facts.name] == nil { healthy += 1 }
        }
        let allowed = expected.pods > 0 ? max(0, healthy - expected.desiredHealthy) : 0
        let moment = second
        changeBudget(index) {
            $0.status.observedGeneration = $0.metadata.generation
            $0.status.disruptionsAllowed = allowed
            $0.status.currentHealthy = healthy
            $0.status.desiredHealthy = expected.desiredHealthy
            $0.status.expectedPods = expected.pods
            $0.status.disruptedPods = disrupted
            $0.status.setAllowed(at: moment, generation: $0.metadata.generation)
        }
        if let earliest = disrupted.values.min() {
            agenda.add(.recheckBudget(index), at: earliest + Self.disruptionTimeout)
        }
    }

    /// The evictions still to come true: the pod is there, does not terminate yet, and not too much time has passed.
    private func confirmDisruptions(_ index: Int) -> [String: Timestamp] {
        let budget = budgets[index]
        return budget.status.disruptedPods.filter { name, since in
            guard now - since < Self.disruptionTimeout,
                let handle = pods.find(namespace: budget.metadata.namespace, name: name)
            else { return false }
            return pods.facts(handle)?.isTerminating == false
        }
    }

    /// Nothing is allowed; the counts stay as they were, stale.
    private mutating func failSync(_ index: Int, _ message: String) {
        let moment = second
        changeBudget(index) {
            $0.status.disruptionsAllowed = 0
            $0.status.set(
                Condition(
                    type: "DisruptionAllowed", status: "False", reason: "SyncFailed", message: message,
                    lastTransitionTime: moment))
        }
    }
}

extension BudgetStatus {
    mutating func setAllowed(at moment: Timestamp, generation: Int) {
        let isAllowed = disruptionsAllowed > 0
        set(
            Condition(
                type: "DisruptionAllowed", status: isAllowed ? "True" : "False",
                reason: isAllowed ? "SufficientPods" : "InsufficientPods", lastTransitionTime: moment))
    }

    /// The time moves only when the status does.
    fileprivate mutating func set(_ condition: Condition) {
        var condition = condition
        if let old = conditions.first, old.status == condition.status {
            condition.lastTransitionTime = old.lastTransitionTime
        }
        conditions = [condition]
    }
}
