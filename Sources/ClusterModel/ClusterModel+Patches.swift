internal import KubernetesAPI

extension ClusterModel {
    static let unschedulableTaint = "node.kubernetes.io/unschedulable"

    mutating func patch(node name: String, _ patch: NodeChange, dryRun: Bool = false) -> ModelResponse.Answer {
        guard let index = nodes.firstIndex(where: { !$0.isDeleted && $0.node.metadata.name == name }) else {
            return .status(.notFound(.nodes, name))
        }
        if let version = patch.resourceVersion, version != nodes[index].node.metadata.resourceVersion {
            return .status(.modified(.nodes, name))
        }
        let patched = apply(patch, to: nodes[index])
        guard !dryRun else { return .object(code: 200, .node(patched)) }
        store(patched, at: index)
        return .object(code: 200, .node(nodes[index]))
    }

    private func apply(_ patch: NodeChange, to record: NodeRecord) -> NodeRecord {
        var record = record
        // A write to `/status` changes nothing else, and no other write changes the status.
        if patch.isOfStatus {
            for var condition in patch.conditions {
                condition.lastTransitionTime = condition.lastTransitionTime ?? second
                let place = record.node.status.conditions.firstIndex { $0.type == condition.type }
                if let place {
                    record.node.status.conditions[place] = condition
                } else {
                    record.node.status.conditions.append(condition)
                }
            }
        } else {
            record.node.spec.unschedulable = patch.unschedulable ?? record.node.spec.unschedulable
            record.node.spec.taints = patch.taints ?? record.node.spec.taints
            for (key, value) in patch.labels { record.node.metadata.labels[key] = value }
        }
        for (key, value) in patch.annotations { record.node.metadata.annotations[key] = value }
        return record
    }

    private mutating func store(_ record: NodeRecord, at index: Int) {
        let previous = nodes[index]
        guard record != previous else { return }
        nodes[index] = record
        nodes[index].node.metadata.resourceVersion = String(nextRevision())
        self.record(.modified, .node(nodes[index]), previous: .node(previous))
        if record.node.spec.unschedulable != previous.node.spec.unschedulable {
            plan(.taint(node: index), after: timing.taint)
            if record.node.spec.unschedulable { react(toCordonOf: record.node.metadata.name) }
        }
        if !previous.accepts([:]), record.accepts([:]) { retryPending() }
    }

    mutating func change(node name: String, _ body: (inout NodeRecord) -> Void) {
        guard let index = nodes.firstIndex(where: { !$0.isDeleted && $0.node.metadata.name == name }) else { return }
        var record = nodes[index]
        body(&record)
        store(record, at: index)
    }

    mutating func reboot(_ name: String) {
        let bootID = random.uid()
        change(node: name) { $0.node.status.bootID = bootID }
        for handle in pods.handles where pods.facts(handle)?.nodeName == name { restartContainers(handle) }
    }

    /// The node lifecycle controller's turn: the taint follows the field.
    mutating func updateTaint(_ index: Int) {
        guard !nodes[index].isDeleted else { return }
        var record = nodes[index]
        record.node.spec.taints.removeAll { $0.key == Self.unschedulableTaint }
        if record.node.spec.unschedulable { record.node.spec.taints.append(Taint(key: Self.unschedulableTaint)) }
        store(record, at: index)
    }

    mutating func setNodeConditions(_ name: String, _ condition: Condition) {
        var patch = NodeChange()
        patch.conditions = [condition]
        patch.isOfStatus = true
        _ = self.patch(node: name, patch)
    }

    mutating func deleteNode(_ name: String) {
        guard let index = nodes.firstIndex(where: { !$0.isDeleted && $0.node.metadata.name == name }) else { return }
        let previous = nodes[index]
        nodes[index].isDeleted = true
        nodes[index].node.metadata.resourceVersion = String(nextRevision())
        record(.deleted, .node(nodes[index]), previous: .node(previous))
        // The pod garbage collector takes what was bound there.
        for handle in pods.handles where pods[handle]?.pod.spec.nodeName == name { remove(handle) }
    }

    mutating func patch(budget name: String, in namespace: String, _ patch: BudgetPatch) -> ModelResponse.Answer {
        guard let index = budget(namespace, name) else { return .status(.notFound(.budgets, name)) }
        changeBudget(index) {
            let before = ($0.limit, $0.unhealthyPodEvictionPolicy)
            $0.limit = patch.limit ?? $0.limit
            $0.unhealthyPodEvictionPolicy = patch.unhealthyPodEvictionPolicy ?? $0.unhealthyPodEvictionPolicy
            if ($0.limit, $0.unhealthyPodEvictionPolicy) != before { $0.metadata.generation += 1 }
        }
        planSync(index)
        return .object(code: 200, .budget(budgets[index]))
    }
}
