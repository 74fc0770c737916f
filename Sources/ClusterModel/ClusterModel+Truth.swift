public import KubernetesAPI

// The cluster as it is, for whoever judges what a client made of it.
extension ClusterModel {
    /// The pods that are bound to `node` now, in the API's order.
    public func forEachPod(on node: String, _ body: (PodRecord) -> Void) {
        pods.forEach { handle, facts in
            if facts.nodeName == node, let record = pods[handle] { body(record) }
        }
    }

    public func pod(_ namespace: String, _ name: String) -> PodRecord? {
        pods.find(namespace: namespace, name: name).flatMap { pods[$0] }
    }

    public func node(_ name: String) -> Node? {
        nodes.first { !$0.isDeleted && $0.node.metadata.name == name }?.node
    }

    public func lease(_ namespace: String, _ name: String) -> Lease? {
        leases.first { $0.metadata.namespace == namespace && $0.metadata.name == name }
    }

    public func isTerminating(_ namespace: String) -> Bool { isTerminating(namespace: namespace) }

    public func attachments(to node: String) -> Int { attachments.count { $0.nodeName == node } }

    /// A budget that is there, by its number in `PodRecord.budgets`.
    public func budget(_ number: Int) -> BudgetRecord? { budgets[number].isDeleted ? nil : budgets[number] }

    public func budgetRecord(_ namespace: String, _ name: String) -> BudgetRecord? {
        budget(namespace, name).map { budgets[$0] }
    }

    /// Pods that the budget counts on: ready, and not going.
    public func healthy(under number: Int) -> Int {
        var count = 0
        pods.forEach { _, facts in
            if facts.budgets.contains(number), facts.isReady, !facts.isTerminating { count += 1 }
        }
        return count
    }

    /// How many healthy pods the budget can have: what the controllers of its pods keep (while a rollout is under way,
    /// old and new ReplicaSets), and those without an owner. `nil`: some owner has no number.
    public func capacity(under number: Int) -> Int? {
        var (owners, bare, isKnown): (Set<[Int]>, Int, Bool) = ([], 0, true)
        pods.forEach { _, facts in
            guard facts.budgets.contains(number), !facts.isTerminating, !facts.isFinished else { return }
            guard facts.hasController else {
                bare += 1
                return
            }
            guard let workload = facts.workload, !workloads[workload].isDeleted,
                workloads[workload].missingScale == nil
            else {
                isKnown = false
                return
            }
            owners.insert([workload, facts.replicaSet])
        }
        guard isKnown else { return nil }
        return owners.reduce(bare) { sum, owner in
            let workload = workloads[owner[0]]
            guard workload.kind == .deployment else { return sum + workload.replicas }
            return sum + replicaSetView(owner[1], of: owner[0]).replicas
        }
    }
}
