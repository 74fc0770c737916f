public import KubernetesAPI
public import Timestamps

/// One node and its pods, just as much of a cluster as a drain can see; nothing happens in it by itself.
public struct ScriptedCluster {
    /// A change that a watch tells of.
    public struct Change {
        public var version: Int
        public var at: Timestamp
        public var event: WatchEvent<Pod>
    }

    public var node: Node
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
        changes.append(Change(version: version, at: now, event: isNew ? .added(pod) : .modified(pod)))
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
        changes.append(Change(version: version, at: now, event: .deleted(pod)))
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
