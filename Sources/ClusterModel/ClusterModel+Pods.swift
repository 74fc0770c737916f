internal import KubernetesAPI
internal import Timestamps

extension ClusterModel {
    /// Changes a pod, gives it a new version and tells the watches; nothing if it is gone.
    mutating func change(_ handle: PodHandle, _ body: (inout PodRecord) -> Void) {
        guard let object = pods.object(handle), case .pod(let previous) = object else { return }
        var record = previous
        body(&record)
        guard record != previous else { return }
        record.pod.metadata.resourceVersion = String(nextRevision())
        pods.replace(handle, by: record)
        announce(.modified, handle, previous: object)
    }

    mutating func insert(_ record: PodRecord) -> PodHandle {
        var record = record
        record.pod.metadata.resourceVersion = String(nextRevision())
        for index in budgets.indices where budgets[index].selects(record.pod.metadata) { record.budgets.append(index) }
        let handle = pods.insert(record)
        announce(.added, handle, previous: nil)
        return handle
    }

    mutating func remove(_ handle: PodHandle) {
        guard let previous = pods.object(handle), var last = pods[handle] else { return }
        last.pod.metadata.resourceVersion = String(nextRevision())
        pods.replace(handle, by: last)
        announce(.deleted, handle, previous: previous)
        pods.remove(handle)
        planDetaching(last.pod)
    }

    /// Tells whoever watches this pod: the clients, its controller and its budgets.
    private mutating func announce(_ kind: ClusterChange.Kind, _ handle: PodHandle, previous: ClusterObject?) {
        guard let object = pods.object(handle), let facts = pods.facts(handle) else { return }
        record(kind, object, previous: previous)
        if let workload = facts.workload { planReconcile(workload) }
        for budget in facts.budgets { planSync(budget) }
    }

    mutating func planReconcile(_ workload: Int) {
        guard !workloads[workload].isReconcileDue, !workloads[workload].isDeleted else { return }
        workloads[workload].isReconcileDue = true
        plan(.reconcile(workload: workload), after: timing.replacement)
    }

    /// A new pod of a workload, pending; on `node` at once, or wherever the scheduler finds room.
    mutating func createPod(of workload: Int, named name: String, node: Int? = nil) {
        let handle = insert(newPod(of: workload, named: name, node: node))
        if let node { bind(handle, to: node) } else { plan(.bind(handle), after: timing.scheduling) }
    }

    func isTerminating(namespace: String) -> Bool {
        namespaces.contains { $0.metadata.name == namespace && $0.isTerminating }
    }

    mutating func newPod(of index: Int, named name: String, node: Int? = nil) -> PodRecord {
        let workload = workloads[index]
        var record = blank(name, in: workload.metadata.namespace, workload.template)
        record.workload = index
        record.replicaSet = max(0, workload.replicaSets.count - 1)
        record.pod.metadata.labels["app"] = workload.metadata.name
        record.pod.metadata.ownerReferences = [workload.owner]
        if workload.kind == .staticPod, let node {
            let parent = nodes[node].node.metadata
            record.pod.metadata.annotations[Pod.mirrorAnnotation] = record.pod.metadata.uid
            record.pod.metadata.ownerReferences = [
                OwnerReference(apiVersion: "v1", kind: "Node", name: parent.name, uid: parent.uid)
            ]
        }
        return record
    }

    /// A pod that nobody has scheduled yet.
    mutating func blank(_ name: String, in namespace: String, _ template: PodTemplate) -> PodRecord {
        let metadata = ObjectMeta(
            name: name, namespace: namespace, uid: random.uid(), generation: 1, labels: template.labels,
            annotations: template.annotations, finalizers: template.finalizers, creationTimestamp: second)
        let spec = PodSpec(
            priority: template.priority, terminationGracePeriodSeconds: template.gracePeriodSeconds,
            volumes: (template.hasEmptyDir ? [Volume(name: "scratch", emptyDir: .init())] : [])
                + (template.hasVolume
                    ? [Volume(name: "data", persistentVolumeClaim: .init(claimName: "data-\(name)"))] : []))
        return PodRecord(
            pod: Pod(metadata: metadata, spec: spec, status: PodStatus(phase: "Pending")),
            container: template.container, readyAfter: template.readyAfter, stopAfter: template.stopAfter,
            nodeSelector: template.nodeSelector, address: "")
    }
}

extension PodStatus {
    /// Sets a condition; its time moves only when its status does.
    mutating func set(
        _ type: String, _ isTrue: Bool, at moment: Timestamp, reason: String = "", message: String = ""
    ) {
        let status = isTrue ? "True" : "False"
        let condition = Condition(
            type: type, status: status, reason: reason, message: message, lastTransitionTime: moment)
        guard let index = conditions.firstIndex(where: { $0.type == type }) else {
            conditions.append(condition)
            return
        }
        let since = conditions[index].status == status ? conditions[index].lastTransitionTime : moment
        conditions[index] = condition
        conditions[index].lastTransitionTime = since
    }
}
