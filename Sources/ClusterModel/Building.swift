public import KubernetesAPI
internal import Timestamps

// How a scenario is put together. What is built here has been there for an hour, running and ready.
extension ClusterModel {
    private var past: Timestamp { Timestamp(seconds: second.nanoseconds / 1_000_000_000 - 3600) }

    public mutating func addNode(_ name: String, labels: [String: String] = [:], kubeletVersion: String = "v1.36.2") {
        var labels = labels
        labels["kubernetes.io/hostname"] = name
        labels["kubernetes.io/os"] = "linux"
        let metadata = ObjectMeta(
            name: name, uid: random.uid(), resourceVersion: String(nextRevision()), labels: labels,
            creationTimestamp: past)
        let ready = Condition(
            type: "Ready", reason: "KubeletReady", message: "kubelet is ready", lastTransitionTime: past)
        let record = NodeRecord(
            node: Node(metadata: metadata, status: NodeStatus(conditions: [ready], bootID: metadata.uid)),
            address: "10.0.0.\(nodes.count + 1)", kubeletVersion: kubeletVersion)
        nodes.append(record)
        self.record(.added, .node(record), previous: nil)
    }

    public mutating func addNamespace(_ name: String) {
        guard !namespaces.contains(where: { $0.metadata.name == name }) else { return }
        let metadata = ObjectMeta(
            name: name, uid: random.uid(), resourceVersion: String(nextRevision()),
            labels: ["kubernetes.io/metadata.name": name], creationTimestamp: past)
        namespaces.append(NamespaceRecord(metadata: metadata))
        namespaces.sort { $0.metadata.name < $1.metadata.name }
        record(.added, .namespace(NamespaceRecord(metadata: metadata)), previous: nil)
    }

    /// A Deployment with its ReplicaSet and its running pods: one on each of `nodes`, in order; where they are fewer
    /// than the replicas, the scheduler places the rest.
    public mutating func addDeployment(
        _ namespace: String, _ name: String, replicas: Int, on nodes: [String] = [],
        _ template: PodTemplate = PodTemplate(), strategy: Workload.Strategy = WorkloadRecord.defaultStrategy,
        isPaused: Bool = false
    ) {
        let index = addWorkload(.deployment, namespace, name, replicas: replicas, template)
        workloads[index].strategy = strategy
        workloads[index].isPaused = isPaused
        addReplicaSet(to: index)
        placeReplicas(index, on: nodes)
    }

    /// A ReplicaSet of nobody's, its pods placed as a Deployment's are.
    public mutating func addReplicaSet(
        _ namespace: String, _ name: String, replicas: Int, on nodes: [String] = [],
        _ template: PodTemplate = PodTemplate()
    ) {
        placeReplicas(addWorkload(.replicaSet, namespace, name, replicas: replicas, template), on: nodes)
    }

    public mutating func addReplicationController(
        _ namespace: String, _ name: String, replicas: Int, on nodes: [String] = [],
        _ template: PodTemplate = PodTemplate()
    ) {
        placeReplicas(addWorkload(.replicationController, namespace, name, replicas: replicas, template), on: nodes)
    }

    private mutating func placeReplicas(_ index: Int, on nodes: [String]) {
        for ordinal in 0..<workloads[index].replicas {
            place(
                index, named: "\(workloads[index].owner.name)-\(random.suffix())",
                on: ordinal < nodes.count ? nodes[ordinal] : nil)
        }
    }

    public mutating func addStatefulSet(
        _ namespace: String, _ name: String, replicas: Int, on nodes: [String] = [],
        _ template: PodTemplate = PodTemplate()
    ) {
        let index = addWorkload(.statefulSet, namespace, name, replicas: replicas, template)
        for ordinal in 0..<replicas {
            place(index, named: "\(name)-\(ordinal)", on: ordinal < nodes.count ? nodes[ordinal] : nil)
        }
    }

    /// One pod on every node there is.
    public mutating func addDaemonSet(_ namespace: String, _ name: String, _ template: PodTemplate = PodTemplate()) {
        let index = addWorkload(.daemonSet, namespace, name, replicas: 0, template)
        for node in nodes.filter({ !$0.isDeleted }) {
            place(index, named: "\(name)-\(random.suffix())", on: node.node.metadata.name)
        }
    }

    /// A static pod: its mirror `NAME-NODE` comes back whatever one does to it.
    public mutating func addStaticPod(
        _ namespace: String, _ name: String, on node: String, _ template: PodTemplate = PodTemplate()
    ) {
        guard let position = nodes.firstIndex(where: { $0.node.metadata.name == node }) else { return }
        let index = addWorkload(.staticPod, namespace, name, replicas: 1, template)
        workloads[index].nodes = [position]
        place(index, named: "\(name)-\(node)", on: node)
    }

    /// A job with one pod; `phase` is `Running`, `Succeeded` or `Failed`.
    public mutating func addJob(
        _ namespace: String, _ name: String, phase: String = "Succeeded", on node: String? = nil,
        _ template: PodTemplate = PodTemplate()
    ) {
        let index = addWorkload(.job, namespace, name, replicas: phase == "Running" ? 1 : 0, template)
        place(index, named: "\(name)-\(random.suffix())", on: node, phase: phase)
    }

    /// A pod that nobody replaces; `owner` may name a controller that is not there any more.
    public mutating func addBarePod(
        _ namespace: String, _ name: String, on node: String? = nil, owner: OwnerReference? = nil,
        _ template: PodTemplate = PodTemplate()
    ) {
        addNamespace(namespace)
        var record = blank(name, in: namespace, template)
        record.pod.metadata.ownerReferences = owner.map { [$0] } ?? []
        if record.pod.metadata.labels.isEmpty { record.pod.metadata.labels["app"] = name }
        settle(&record, on: node, phase: "Running")
        _ = insert(record)
    }

    /// A budget over the pods with these labels, its status up to date.
    public mutating func addBudget(
        _ namespace: String, _ name: String, _ limit: BudgetLimit, selecting labels: [String: String],
        unhealthyPodEvictionPolicy: UnhealthyPodEvictionPolicy? = nil
    ) {
        addNamespace(namespace)
        let metadata = ObjectMeta(
            name: name, namespace: namespace, uid: random.uid(), resourceVersion: String(nextRevision()), generation: 1,
            creationTimestamp: past)
        let record = BudgetRecord(
            metadata: metadata, limit: limit, matchLabels: labels,
            unhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy)
        budgets.append(record)
        let index = budgets.count - 1
        self.record(.added, .budget(record), previous: nil)
        for handle in pods.handles {
            guard var pod = pods[handle], record.selects(pod.pod.metadata) else { continue }
            pod.budgets.append(index)
            pods.replace(handle, by: pod)
        }
        syncBudget(index)
    }

    private mutating func addWorkload(
        _ kind: WorkloadRecord.Kind, _ namespace: String, _ name: String, replicas: Int, _ template: PodTemplate
    ) -> Int {
        addNamespace(namespace)
        let metadata = ObjectMeta(
            name: name, namespace: namespace, uid: random.uid(), resourceVersion: String(nextRevision()), generation: 1,
            labels: ["app": name], creationTimestamp: past)
        workloads.append(WorkloadRecord(kind: kind, metadata: metadata, replicas: replicas, template: template))
        return workloads.count - 1
    }

    private mutating func place(_ index: Int, named name: String, on node: String?, phase: String = "Running") {
        let position = nodes.firstIndex { $0.node.metadata.name == node }
        var record = newPod(of: index, named: name, node: position)
        settle(&record, on: node, phase: phase)
        attachVolumes(of: insert(record))
    }

    /// Puts a pod where it has been all along.
    private mutating func settle(_ record: inout PodRecord, on node: String?, phase: String) {
        let place = node ?? leastLoaded(accepting: record.nodeSelector).map { nodes[$0].node.metadata.name }
        guard let place else { return }
        let isRunning = phase == "Running"
        lastAddress += 1
        record.address = "10.1.\(lastAddress / 250 % 250).\(lastAddress % 250 + 1)"
        record.startedAt = past
        record.readyAt = isRunning ? past : nil
        record.pod.metadata.creationTimestamp = past
        record.pod.spec.nodeName = place
        record.pod.status.phase = phase
        record.pod.status.containerStatuses = [ContainerStatus(name: record.container.name, isRunning: isRunning)]
        let reason = isRunning ? "" : "PodCompleted"
        record.pod.status.set("Initialized", true, at: past)
        record.pod.status.set("Ready", isRunning, at: past, reason: reason)
        record.pod.status.set("ContainersReady", isRunning, at: past, reason: reason)
        record.pod.status.set("PodScheduled", true, at: past)
    }
}
