internal import KubernetesAPI
internal import Timestamps

extension ModelRequest {
    /// What a client's call asks of the model.
    init(_ call: APICall) {
        switch call {
        case .readNode(let name): self = .get(.nodes, namespace: nil, name: name)
        case .patchNode(let name, let patch, let dryRun):
            var change = NodeChange(unschedulable: patch.unschedulable)
            change.annotations = patch.annotations
            self = .patchNode(name: name, change, dryRun: dryRun)
        case .setNodeConditions(let name, let conditions):
            var change = NodeChange()
            change.conditions = conditions
            change.isOfStatus = true
            self = .patchNode(name: name, change)
        case .listPods(let node, let source): self = .list(ListQuery(.pods, node: node).from(source))
        case .listSelectedPods(let namespace, let selector):
            self = .list(ListQuery(.pods, namespace: namespace, labels: selector).from(.cache()))
        case .listBudgets(let namespace, let source):
            self = .list(ListQuery(.budgets, namespace: namespace).from(source))
        case .listLeases(let namespace):
            let label = LabelSelector([.isIn(key: Lease.label.key, values: [Lease.label.value])])
            self = .list(ListQuery(.leases, namespace: namespace, labels: label))
        case .listVolumeAttachments: self = .list(ListQuery(.volumeAttachments).from(.cache()))
        case .readWorkload(let key):
            self = .get(ResourceKind(key.kind), namespace: key.namespace, name: key.name)
        case .restartRollout(let key, let moment):
            self = .patchWorkload(
                ResourceKind(key.kind), namespace: key.namespace, name: key.name,
                WorkloadPatch(restartedAt: moment.rfc3339()))
        case .createEvent(let event): self = .createEvent(EventRecord(event))
        case .repeatEvent(let event):
            self = .patchEvent(
                namespace: event.namespace, name: event.name,
                EventPatch(count: event.count, lastTimestamp: event.lastSeen, message: event.message))
        case .createLease(let lease): self = .createLease(lease.labelled)
        case .replaceLease(let lease): self = .updateLease(lease.labelled)
        case .deleteLease(let lease):
            self = .deleteLease(
                namespace: lease.metadata.namespace, name: lease.metadata.name,
                resourceVersion: lease.metadata.resourceVersion)
        case .evict(let pod, let options):
            self = .evict(
                EvictionRequest(
                    namespace: pod.namespace, name: pod.name, uid: pod.uid,
                    gracePeriodSeconds: options.gracePeriodSeconds, dryRun: options.dryRun))
        case .deletePod(let pod, let options):
            self = .deletePod(
                PodDeletion(
                    namespace: pod.namespace, name: pod.name, uid: pod.uid,
                    gracePeriodSeconds: options.gracePeriodSeconds, dryRun: options.dryRun))
        case .readDaemonSet(let namespace, let name): self = .get(.daemonSets, namespace: namespace, name: name)
        case .readPod(let namespace, let name): self = .get(.pods, namespace: namespace, name: name)
        case .mayEvict(let namespace, let byDelete):
            self = .reviewAccess(
                byDelete
                    ? AccessAttributes("delete", .pods, namespace: namespace)
                    : AccessAttributes("create", .pods, subresource: "eviction", namespace: namespace))
        case .whoAmI: self = .reviewSelf
        case .version: self = .readVersion
        }
    }
}

extension ListQuery {
    fileprivate func from(_ source: ListSource) -> ListQuery {
        var query = self
        if case .cache(let notBefore) = source { query.resourceVersion = notBefore ?? "0" }
        return query
    }
}

extension ResourceKind {
    fileprivate init(_ kind: Workload.Kind) {
        switch kind {
        case .deployment: self = .deployments
        case .replicaSet: self = .replicaSets
        case .statefulSet: self = .statefulSets
        case .replicationController: self = .replicationControllers
        }
    }
}

extension Lease {
    /// As the client writes it.
    fileprivate var labelled: Lease {
        var lease = self
        lease.metadata.labels[Self.label.key] = Self.label.value
        return lease
    }
}

extension EventRecord {
    fileprivate init(_ event: ClusterEvent) {
        self.init(
            metadata: ObjectMeta(name: event.name, namespace: event.namespace), involvedAPIVersion: "v1",
            reason: event.reason, message: event.message, type: event.level.rawValue, component: "drain-agent",
            count: event.count, firstTimestamp: event.firstSeen, lastTimestamp: event.lastSeen)
        switch event.subject {
        case .node(let name):
            (involvedKind, involvedName, involvedUID) = ("Node", name, name)
        case .pod(let pod):
            (involvedKind, involvedNamespace) = ("Pod", pod.namespace)
            (involvedName, involvedUID) = (pod.name, pod.uid)
        }
    }
}
