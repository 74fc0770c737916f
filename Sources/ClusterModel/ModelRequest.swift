public import KubernetesAPI
public import Timestamps

/// A request that the model answers.
public enum ModelRequest: Sendable, Equatable {
    case get(ResourceKind, namespace: String?, name: String)
    case list(ListQuery)
    /// Whether a watch may begin; its events come from `changes(after:)`.
    case watch(ListQuery)
    case evict(EvictionRequest)
    case deletePod(PodDeletion)
    case patchNode(name: String, NodeChange, dryRun: Bool = false)
    case patchBudget(namespace: String, name: String, BudgetPatch)
    case deleteBudget(namespace: String, name: String)
    case readScale(ResourceKind, namespace: String, name: String)
    case scale(ResourceKind, namespace: String, name: String, replicas: Int)
    case patchWorkload(ResourceKind, namespace: String, name: String, WorkloadPatch)
    case createEvent(EventRecord)
    case patchEvent(namespace: String, name: String, EventPatch)
    case createLease(Lease)
    /// With the `metadata.resourceVersion` it was read with.
    case updateLease(Lease)
    /// Compares the version where it is given.
    case deleteLease(namespace: String, name: String, resourceVersion: String?)
    case reviewAccess(AccessAttributes)
    case reviewSelf
    case readVersion

    /// What one must be allowed to do; `nil`: everybody may.
    public var access: AccessAttributes? {
        switch self {
        case .get(let resource, let namespace, let name):
            AccessAttributes("get", resource, namespace: namespace, name: name)
        case .list(let query): AccessAttributes("list", query.resource, namespace: query.namespace)
        case .watch(let query): AccessAttributes("watch", query.resource, namespace: query.namespace)
        case .evict(let eviction):
            AccessAttributes(
                "create", .pods, subresource: "eviction", namespace: eviction.namespace, name: eviction.name)
        case .deletePod(let deletion):
            AccessAttributes("delete", .pods, namespace: deletion.namespace, name: deletion.name)
        case .patchNode(let name, let patch, _):
            AccessAttributes("patch", .nodes, subresource: patch.isOfStatus ? "status" : nil, name: name)
        case .patchBudget(let namespace, let name, _):
            AccessAttributes("patch", .budgets, namespace: namespace, name: name)
        case .deleteBudget(let namespace, let name):
            AccessAttributes("delete", .budgets, namespace: namespace, name: name)
        case .readScale(let resource, let namespace, let name):
            AccessAttributes("get", resource, subresource: "scale", namespace: namespace, name: name)
        case .scale(let resource, let namespace, let name, _):
            AccessAttributes("patch", resource, subresource: "scale", namespace: namespace, name: name)
        case .patchWorkload(let resource, let namespace, let name, _):
            AccessAttributes("patch", resource, namespace: namespace, name: name)
        case .patchEvent(let namespace, let name, _):
            AccessAttributes("patch", .events, namespace: namespace, name: name)
        case .deleteLease(let namespace, let name, _):
            AccessAttributes("delete", .leases, namespace: namespace, name: name)
        case .createEvent(let event): AccessAttributes("create", .events, namespace: event.metadata.namespace)
        case .createLease(let lease): AccessAttributes("create", .leases, namespace: lease.metadata.namespace)
        case .updateLease(let lease):
            AccessAttributes("update", .leases, namespace: lease.metadata.namespace, name: lease.metadata.name)
        case .reviewAccess, .reviewSelf, .readVersion: nil
        }
    }
}

/// What to list or watch.
public struct ListQuery: Sendable, Equatable {
    public var resource: ResourceKind
    /// `nil`: all of them.
    public var namespace: String?
    public var labels: LabelSelector
    /// `metadata.name=`
    public var name: String?
    /// `spec.nodeName=`
    public var node: String?
    /// Page size; 0: everything at once.
    public var limit: Int
    public var continueToken: String?
    /// Empty: a consistent read. Otherwise from the cache, not older than this.
    public var resourceVersion: String

    public init(
        _ resource: ResourceKind, namespace: String? = nil, labels: LabelSelector = LabelSelector(),
        name: String? = nil,
        node: String? = nil, limit: Int = 0, continueToken: String? = nil, resourceVersion: String = ""
    ) {
        self.resource = resource
        self.namespace = namespace
        self.labels = labels
        self.name = name
        self.node = node
        self.limit = limit
        self.continueToken = continueToken
        self.resourceVersion = resourceVersion
    }

    public func matches(_ object: ClusterObject) -> Bool {
        guard object.resource == resource else { return false }
        if case .pod(let record) = object, let node, record.pod.spec.nodeName != node { return false }
        let metadata = object.metadata
        if let namespace, metadata.namespace != namespace { return false }
        if let name, metadata.name != name { return false }
        return labels.requirements.isEmpty || labels.matches(metadata.labels)
    }
}

/// An eviction as it is posted.
public struct EvictionRequest: Sendable, Equatable {
    public var namespace: String
    /// The pod in the address.
    public var name: String
    /// The pod in the body.
    public var bodyName: String
    public var uid: String?
    /// `nil`: the pod's own.
    public var gracePeriodSeconds: Int64?
    public var dryRun: Bool

    public init(
        namespace: String, name: String, bodyName: String? = nil, uid: String? = nil,
        gracePeriodSeconds: Int64? = nil, dryRun: Bool = false
    ) {
        self.namespace = namespace
        self.name = name
        self.bodyName = bodyName ?? name
        self.uid = uid
        self.gracePeriodSeconds = gracePeriodSeconds
        self.dryRun = dryRun
    }
}

/// A plain delete.
public struct PodDeletion: Sendable, Equatable {
    public var namespace: String
    public var name: String
    public var uid: String?
    public var gracePeriodSeconds: Int64?
    public var dryRun: Bool

    public init(
        namespace: String, name: String, uid: String? = nil, gracePeriodSeconds: Int64? = nil, dryRun: Bool = false
    ) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.gracePeriodSeconds = gracePeriodSeconds
        self.dryRun = dryRun
    }
}

/// A change to a node; what is `nil` stays.
public struct NodeChange: Sendable, Equatable {
    public var unschedulable: Bool?
    public var taints: [Taint]?
    /// A `nil` value takes the key away.
    public var labels: [String: String?] = [:]
    public var annotations: [String: String?] = [:]
    /// Merged by type.
    public var conditions: [Condition] = []
    /// Refused with 409 unless it is the node's own.
    public var resourceVersion: String?
    public var isOfStatus = false

    public init(unschedulable: Bool? = nil) { self.unschedulable = unschedulable }
}

/// A change to a budget.
public struct BudgetPatch: Sendable, Equatable {
    public var limit: BudgetLimit?
    public var unhealthyPodEvictionPolicy: UnhealthyPodEvictionPolicy?

    public init(limit: BudgetLimit? = nil, unhealthyPodEvictionPolicy: UnhealthyPodEvictionPolicy? = nil) {
        self.limit = limit
        self.unhealthyPodEvictionPolicy = unhealthyPodEvictionPolicy
    }
}

/// A change to a controller; what is `nil` stays.
public struct WorkloadPatch: Sendable, Equatable {
    /// What `kubectl rollout restart` writes into the template: a Deployment rolls.
    public var restartedAt: String?
    public var isPaused: Bool?

    public init(restartedAt: String? = nil, isPaused: Bool? = nil) {
        self.restartedAt = restartedAt
        self.isPaused = isPaused
    }
}

/// A change to an Event; what is `nil` stays.
public struct EventPatch: Sendable, Equatable {
    public var count: Int?
    public var lastTimestamp: Timestamp?
    public var message: String?

    public init(count: Int? = nil, lastTimestamp: Timestamp? = nil, message: String? = nil) {
        self.count = count
        self.lastTimestamp = lastTimestamp
        self.message = message
    }
}
