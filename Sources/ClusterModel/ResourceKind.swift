/// The resources the API serves, by their plural names.
public enum ResourceKind: String, Sendable, CaseIterable {
    case nodes, pods, namespaces, events, leases
    case budgets = "poddisruptionbudgets"
    case deployments, jobs
    case replicaSets = "replicasets"
    case statefulSets = "statefulsets"
    case daemonSets = "daemonsets"
    case replicationControllers = "replicationcontrollers"
    case volumeAttachments = "volumeattachments"

    /// Empty for the core group.
    public var group: String {
        switch self {
        case .nodes, .pods, .namespaces, .events, .replicationControllers: ""
        case .budgets: "policy"
        case .deployments, .replicaSets, .statefulSets, .daemonSets: "apps"
        case .jobs: "batch"
        case .leases: "coordination.k8s.io"
        case .volumeAttachments: "storage.k8s.io"
        }
    }

    /// As `apiVersion` says it.
    public var groupVersion: String { group.isEmpty ? "v1" : "\(group)/v1" }

    public var kind: String {
        switch self {
        case .nodes: "Node"
        case .pods: "Pod"
        case .namespaces: "Namespace"
        case .events: "Event"
        case .leases: "Lease"
        case .budgets: "PodDisruptionBudget"
        case .deployments: "Deployment"
        case .jobs: "Job"
        case .replicaSets: "ReplicaSet"
        case .statefulSets: "StatefulSet"
        case .daemonSets: "DaemonSet"
        case .replicationControllers: "ReplicationController"
        case .volumeAttachments: "VolumeAttachment"
        }
    }

    public var isNamespaced: Bool { self != .nodes && self != .namespaces && self != .volumeAttachments }

    /// As error messages name it: `daemonsets.apps`.
    public var qualifiedName: String { group.isEmpty ? rawValue : "\(rawValue).\(group)" }
}
