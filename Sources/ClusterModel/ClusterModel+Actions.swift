internal import KubernetesAPI
internal import Timestamps

extension ClusterModel {
    /// Does it now; an action on something that is not there does nothing.
    public mutating func perform(_ action: ClusterAction) {
        switch action {
        case .patchBudget(let namespace, let name, let patch): _ = self.patch(budget: name, in: namespace, patch)
        case .deleteBudget(let namespace, let name): deleteBudget(namespace, name)
        case .setUnschedulable(let node, let value): _ = patch(node: node, NodeChange(unschedulable: value))
        case .setNodeCondition(let node, let condition): setNodeConditions(node, condition)
        case .deleteNode(let name): deleteNode(name)
        case .reboot(let node): reboot(node)
        case .deletePod(let deletion): _ = delete(deletion)
        case .addPod(let namespace, let name, let node, let template): addPod(namespace, name, on: node, template)
        case .setReady(let namespace, let pod, let isReady):
            if let handle = pods.find(namespace: namespace, name: pod) { setReady(handle, isReady) }
        case .finish(let namespace, let pod, let phase): finish(namespace, pod, phase)
        case .removeFinalizers(let namespace, let pod): removeFinalizers(namespace, pod)
        case .scale(let namespace, let workload, let replicas): scale(namespace, workload, replicas)
        case .patchWorkload(let namespace, let workload, let patch):
            self.patch(workload: workload, in: namespace, patch)
        case .deleteWorkload(let namespace, let name): deleteWorkload(namespace, name)
        case .terminateNamespace(let name): terminateNamespace(name)
        case .addFault(let fault): faults.add(fault)
        case .clearFaults: faults.removeAll()
        case .setAccess(let rules): access = rules
        case .seizeLease(let namespace, let name, let holder): seize(lease: name, in: namespace, for: holder)
        case .compact: changes.compact()
        }
    }

    private mutating func deleteBudget(_ namespace: String, _ name: String) {
        guard let index = budget(namespace, name) else { return }
        let previous = budgets[index]
        budgets[index].isDeleted = true
        budgets[index].metadata.resourceVersion = String(nextRevision())
        record(.deleted, .budget(budgets[index]), previous: .budget(previous))
        for handle in pods.handles {
            guard var pod = pods[handle], pod.budgets.contains(index) else { continue }
            pod.budgets.removeAll { $0 == index }
            pods.replace(handle, by: pod)
        }
    }

    private mutating func addPod(_ namespace: String, _ name: String, on node: String, _ template: PodTemplate) {
        guard !isTerminating(namespace: namespace), pods.find(namespace: namespace, name: name) == nil,
            let place = nodes.firstIndex(where: { !$0.isDeleted && $0.node.metadata.name == node })
        else { return }
        bind(insert(blank(name, in: namespace, template)), to: place)
    }

    private mutating func seize(lease name: String, in namespace: String, for holder: String?) {
        guard var lease = leases.first(where: { $0.metadata.namespace == namespace && $0.metadata.name == name }) else {
            return
        }
        guard let holder else {
            _ = remove(lease: name, in: namespace, nil)
            return
        }
        lease.spec.holderIdentity = holder
        _ = update(lease)
    }

    private mutating func finish(_ namespace: String, _ pod: String, _ phase: String) {
        guard let handle = pods.find(namespace: namespace, name: pod) else { return }
        let moment = second
        change(handle) {
            $0.readyAt = nil
            $0.endContainers()
            $0.pod.status.phase = phase
            $0.pod.status.set("Ready", false, at: moment, reason: "PodCompleted")
            $0.pod.status.set("ContainersReady", false, at: moment, reason: "PodCompleted")
        }
    }

    private mutating func removeFinalizers(_ namespace: String, _ pod: String) {
        guard let handle = pods.find(namespace: namespace, name: pod) else { return }
        change(handle) { $0.pod.metadata.finalizers = [] }
        guard let metadata = pods[handle]?.pod.metadata, metadata.deletionTimestamp != nil else { return }
        if metadata.deletionGracePeriodSeconds == 0 { remove(handle) }
    }

    private mutating func scale(_ namespace: String, _ name: String, _ replicas: Int) {
        guard let index = workload(namespace, name) else { return }
        workloads[index].replicas = max(0, replicas)
        workloads[index].metadata.resourceVersion = String(nextRevision())
        workloads[index].metadata.generation += 1
        planReconcile(index)
        for budget in budgets.indices where budgets[budget].metadata.namespace == namespace { planSync(budget) }
    }

    private mutating func deleteWorkload(_ namespace: String, _ name: String) {
        guard let index = workload(namespace, name) else { return }
        workloads[index].isDeleted = true
    }

    /// The namespace controller takes its pods away; nothing new is let in.
    private mutating func terminateNamespace(_ name: String) {
        guard let index = namespaces.firstIndex(where: { $0.metadata.name == name && !$0.isTerminating }) else {
            return
        }
        let previous = namespaces[index]
        namespaces[index].metadata.deletionTimestamp = second
        namespaces[index].metadata.resourceVersion = String(nextRevision())
        record(.modified, .namespace(namespaces[index]), previous: .namespace(previous))
        for handle in pods.handles where pods[handle]?.pod.metadata.namespace == name {
            if timing.namespaceSweep == .after(.zero) {
                beginDeletion(handle, gracePeriodSeconds: nil)
            } else {
                plan(.sweep(handle), after: timing.namespaceSweep)
            }
        }
    }

    func budget(_ namespace: String, _ name: String) -> Int? {
        budgets.firstIndex { !$0.isDeleted && $0.metadata.namespace == namespace && $0.metadata.name == name }
    }

    func workload(_ namespace: String, _ name: String) -> Int? {
        workloads.firstIndex { !$0.isDeleted && $0.metadata.namespace == namespace && $0.metadata.name == name }
    }
}
