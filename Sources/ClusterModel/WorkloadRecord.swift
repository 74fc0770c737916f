public import KubernetesAPI

/// A controller and the pods it keeps.
public struct WorkloadRecord: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case deployment = "Deployment"
        case replicaSet = "ReplicaSet"
        case statefulSet = "StatefulSet"
        case replicationController = "ReplicationController"
        case daemonSet = "DaemonSet"
        case job = "Job"
        /// A file on the node: the kubelet shows its mirror to the API server.
        case staticPod = "Node"
    }

    public var kind: Kind
    public var metadata: ObjectMeta
    /// A deployment's ReplicaSets, which own the pods: the last is the one it wants.
    public var replicaSets: [ObjectMeta] = []
    /// A deployment's.
    public var strategy: Workload.Strategy?
    /// A deployment's: nothing rolls.
    public var isPaused = false
    /// What `kubectl rollout restart` wrote into the template.
    public var restartedAt: String?
    /// Wanted pods; for DaemonSets unused.
    public var replicas: Int
    public var template: PodTemplate
    /// Indices of the nodes that a static pod lives on.
    var nodes: [Int] = []
    var isDeleted = false
    var isReconcileDue = false
    /// The template has changed, and no ReplicaSet is like it yet.
    var isRolloutDue = false

    var matchLabels: [String: String] { ["app": metadata.name] }

    /// What its pods name as their controller.
    var owner: OwnerReference {
        switch kind {
        case .deployment, .replicaSet:
            let owner = replicaSets.last ?? metadata
            return OwnerReference(apiVersion: "apps/v1", kind: "ReplicaSet", name: owner.name, uid: owner.uid)
        case .job: return OwnerReference(apiVersion: "batch/v1", kind: "Job", name: metadata.name, uid: metadata.uid)
        case .staticPod: return OwnerReference(apiVersion: "v1", kind: "Node", name: "", uid: "")
        case .replicationController:
            return OwnerReference(apiVersion: "v1", kind: kind.rawValue, name: metadata.name, uid: metadata.uid)
        case .statefulSet, .daemonSet:
            return OwnerReference(apiVersion: "apps/v1", kind: kind.rawValue, name: metadata.name, uid: metadata.uid)
        }
    }

    /// What the disruption controller says of pods whose owner has no scale.
    var missingScale: String? {
        switch kind {
        case .deployment, .replicaSet, .statefulSet, .replicationController: nil
        case .daemonSet: "daemonsets.apps does not implement the scale subresource"
        case .job: "jobs.batch does not implement the scale subresource"
        case .staticPod: "nodes does not implement the scale subresource"
        }
    }

    /// What the API server puts where a Deployment says nothing.
    public static var defaultStrategy: Workload.Strategy {
        Workload.Strategy(
            type: "RollingUpdate", rollingUpdate: .init(maxSurge: .percent(25), maxUnavailable: .percent(25)))
    }
}
