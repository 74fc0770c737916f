public import Timestamps

/// A request to the API server as a value, before it is I/O.
public struct APIRequest: Sendable, Equatable {
    public var call: APICall
    /// W3C trace context that goes with it.
    public var traceparent: String?

    public init(_ call: APICall, traceparent: String? = nil) {
        self.call = call
        self.traceparent = traceparent
    }
}

/// Everything we ever ask of an API server.
public enum APICall: Sendable, Equatable {
    case readNode(String)
    /// Cordons, uncordons, marks.
    case patchNode(String, NodePatch, dryRun: Bool = false)
    /// Conditions of ours, in the node's status; others stay.
    case setNodeConditions(String, [Condition])
    case listPods(node: String, ListSource)
    /// The pods of a namespace that a selector selects, on whatever node; from the server's cache.
    case listSelectedPods(namespace: String, LabelSelector)
    /// Of one namespace, or (`nil`) of all.
    case listBudgets(namespace: String?, ListSource)
    case readWorkload(Workload.Key)
    /// What `kubectl rollout restart` does to a Deployment.
    case restartRollout(Workload.Key, at: Timestamp)
    case createEvent(ClusterEvent)
    /// The same happening again: only its count and its last time change.
    case repeatEvent(ClusterEvent)
    /// The Leases of a namespace that carry our label (`Lease.label`).
    case listLeases(namespace: String)
    case createLease(Lease)
    /// With the resourceVersion it was read with: 409 when somebody was quicker.
    case replaceLease(Lease)
    /// With the resourceVersion it was read with, likewise.
    case deleteLease(Lease)
    /// All of the cluster: the API has no index of them by node.
    case listVolumeAttachments
    case evict(PodIdentity, DeleteOptions)
    /// A plain delete, which no budget guards (`--disable-eviction`).
    case deletePod(PodIdentity, DeleteOptions)
    case readDaemonSet(namespace: String, name: String)
    case readPod(namespace: String, name: String)
    /// A SelfSubjectAccessReview: may we create `pods/eviction` (or delete `pods`) in this namespace?
    case mayEvict(namespace: String, byDelete: Bool = false)
    /// A SelfSubjectReview: who are we? In a pod the answer names it.
    case whoAmI
    /// `GET /version`: is the server there at all?
    case version
}

/// Where a list comes from.
public enum ListSource: Sendable, Equatable {
    /// The server's cache, answered from its index by node; possibly a moment old, never older than `notBefore`.
    case cache(notBefore: String? = nil)
    /// A consistent read, in pages of this many items; 0: in one.
    case consistent(chunkSize: Int)
}

/// What goes with an eviction or a delete.
public struct DeleteOptions: Sendable, Equatable {
    /// `nil`: the pod's own.
    public var gracePeriodSeconds: Int64?
    /// Every check, no effect.
    public var dryRun: Bool

    public init(gracePeriodSeconds: Int64? = nil, dryRun: Bool = false) {
        self.gracePeriodSeconds = gracePeriodSeconds
        self.dryRun = dryRun
    }
}

/// What kind of request it is, as the metrics say it.
public enum APIOperation: String, Sendable, CaseIterable {
    case evict, list, read, write, lease, watch
}

extension APICall {
    public var operation: APIOperation {
        switch self {
        case .evict, .deletePod: .evict
        case .listPods, .listSelectedPods, .listBudgets, .listVolumeAttachments: .list
        case .readNode, .readDaemonSet, .readWorkload, .readPod, .version, .mayEvict, .whoAmI: .read
        case .patchNode, .setNodeConditions, .restartRollout, .createEvent, .repeatEvent: .write
        case .listLeases, .createLease, .replaceLease, .deleteLease: .lease
        }
    }
}

extension APICall {
    /// Cordon (`true`) or uncordon.
    public static func setUnschedulable(node: String, _ value: Bool, dryRun: Bool = false) -> APICall {
        .patchNode(node, NodePatch(unschedulable: value), dryRun: dryRun)
    }
}
