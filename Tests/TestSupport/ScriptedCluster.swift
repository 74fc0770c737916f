public import KubernetesAPI
public import Timestamps

/// One node and its pods, just as much of a cluster as a drain can see; nothing happens in it by itself.
public struct ScriptedCluster {
    /// A change that a watch tells of.
    public struct Change {
        public var version: Int
        public var at: Timestamp
        public var event: WatchEvent<WatchedObject>

        /// Whether a watch on that topic tells of it.
        func concerns(_ topic: WatchRequest.Topic) -> Bool {
            let object: WatchedObject
            switch event {
            case .added(let it), .modified(let it), .deleted(let it): object = it
            case .bookmark, .error: return false
            }
            return switch (topic, object) {
            case (.pods, .pod), (.node, .node), (.budgets(nil), .budget): true
            case (.budgets(let namespace?), .budget(let budget)): budget.metadata.namespace == namespace
            case (.pods, _), (.node, _), (.budgets, _): false
            }
        }
    }

    /// Set it to change it silently; `put` tells its watchers.
    public var node: Node
    public private(set) var budgets: [Budget] = []
    public var workloads: [Workload.Key: Workload] = [:]
    /// By UID.
    public private(set) var pods: [String: Pod] = [:]
    public private(set) var changes: [Change] = []
    public private(set) var version = 100

    public init(node: String, pods: [Pod] = [], unschedulable: Bool = false) {
        self.node = Node(metadata: ObjectMeta(name: node), spec: NodeSpec(unschedulable: unschedulable))
        for pod in pods { self.pods[pod.metadata.uid] = pod }
    }

    /// A pod that is there from now on, or is another one now.
    public mutating func put(_ pod: Pod, at now: Timestamp) {
        version += 1
        var pod = pod
        pod.metadata.resourceVersion = String(version)
        let isNew = pods.updateValue(pod, forKey: pod.metadata.uid) == nil
        changes.append(Change(version: version, at: now, event: isNew ? .added(.pod(pod)) : .modified(.pod(pod))))
    }

    public mutating func put(_ budget: Budget, at now: Timestamp) {
        version += 1
        var budget = budget
        budget.metadata.resourceVersion = String(version)
        let old = budgets.firstIndex {
            $0.metadata.name == budget.metadata.name && $0.metadata.namespace == budget.metadata.namespace
        }
        if let old { budgets[old] = budget } else { budgets.append(budget) }
        changes.append(
            Change(version: version, at: now, event: old == nil ? .added(.budget(budget)) : .modified(.budget(budget))))
    }

    public mutating func remove(_ budget: Budget, at now: Timestamp) {
        guard let index = budgets.firstIndex(where: { $0.metadata.name == budget.metadata.name }) else { return }
        version += 1
        var gone = budgets.remove(at: index)
        gone.metadata.resourceVersion = String(version)
        changes.append(Change(version: version, at: now, event: .deleted(.budget(gone))))
    }

    public mutating func put(_ node: Node, at now: Timestamp) {
        version += 1
        self.node = node
        self.node.metadata.resourceVersion = String(version)
        changes.append(Change(version: version, at: now, event: .modified(.node(self.node))))
    }

    /// Of all nodes.
    public func selected(_ namespace: String, _ selector: LabelSelector) -> PodList {
        let items = pods.values.filter { $0.metadata.namespace == namespace && selector.matches($0.metadata.labels) }
        return PodList(
            resourceVersion: String(version), items: items.sorted { $0.metadata.name < $1.metadata.name })
    }

    /// Marks it as being deleted, as an accepted eviction does; nothing when it is so already.
    public mutating func terminate(_ uid: String, grace: Int64 = 30, at now: Timestamp) {
        guard var pod = pods[uid], !pod.isTerminating else { return }
        pod.metadata.deletionTimestamp = now + .seconds(grace)
        pod.metadata.deletionGracePeriodSeconds = grace
        put(pod, at: now)
    }

    public mutating func remove(_ uid: String, at now: Timestamp) {
        guard var pod = pods.removeValue(forKey: uid) else { return }
        version += 1
        pod.metadata.resourceVersion = String(version)
        changes.append(Change(version: version, at: now, event: .deleted(.pod(pod))))
    }

    public var list: PodList {
        let items = pods.values.filter { $0.spec.nodeName == node.metadata.name }
            .sorted {
                ($0.metadata.namespace, $0.metadata.name, $0.metadata.uid) < (
                    $1.metadata.namespace, $1.metadata.name, $1.metadata.uid
                )
            }
        return PodList(resourceVersion: String(version), items: items)
    }

    /// Whether the eviction of just this pod can go ahead; otherwise the server's refusal.
    public func refusal(of pod: PodIdentity) -> Status? {
        if pods[pod.uid] != nil { return nil }
        let isReplaced = pods.values.contains { $0.metadata.namespace == pod.namespace && $0.metadata.name == pod.name }
        return isReplaced ? .uidMismatch(pod) : .noSuchPod(pod)
    }
}
