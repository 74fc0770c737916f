public import KubernetesAPI
public import Timestamps

/// Anything the API serves.
public indirect enum ClusterObject: Sendable, Equatable {
    case pod(PodRecord)
    case node(NodeRecord)
    case budget(BudgetRecord)
    case workload(WorkloadView)
    case namespace(NamespaceRecord)
    case event(EventRecord)
    case lease(LeaseRecord)

    public var resource: ResourceKind {
        switch self {
        case .pod: .pods
        case .node: .nodes
        case .budget: .budgets
        case .workload(let view): view.resource
        case .namespace: .namespaces
        case .event: .events
        case .lease: .leases
        }
    }

    public var metadata: ObjectMeta {
        switch self {
        case .pod(let record): record.pod.metadata
        case .node(let record): record.node.metadata
        case .budget(let record): record.metadata
        case .workload(let view): view.metadata
        case .namespace(let record): record.metadata
        case .event(let record): record.metadata
        case .lease(let record): record.metadata
        }
    }
}

/// A controller as the API shows it, counted from its pods.
public struct WorkloadView: Sendable, Equatable {
    public var resource: ResourceKind
    public var metadata: ObjectMeta
    public var replicas: Int
    public var matchLabels: [String: String]
    public var container: Container
    /// Pods that are there, and those of them that are ready.
    public var current: Int
    public var ready: Int
    public var succeeded: Int
}

public struct NamespaceRecord: Sendable, Equatable {
    public var metadata: ObjectMeta

    public var isTerminating: Bool { metadata.deletionTimestamp != nil }
}

/// An Event that a client posted.
public struct EventRecord: Sendable, Equatable {
    public var metadata: ObjectMeta
    public var generateName: String
    public var involvedAPIVersion: String
    public var involvedKind: String
    public var involvedNamespace: String
    public var involvedName: String
    public var involvedUID: String
    public var reason: String
    public var message: String
    public var type: String
    public var action: String
    public var reportingComponent: String
    public var reportingInstance: String
    public var eventTime: Timestamp?

    public init(
        metadata: ObjectMeta, generateName: String = "", involvedAPIVersion: String = "", involvedKind: String = "",
        involvedNamespace: String = "", involvedName: String = "", involvedUID: String = "", reason: String = "",
        message: String = "", type: String = "Normal", action: String = "", reportingComponent: String = "",
        reportingInstance: String = "", eventTime: Timestamp? = nil
    ) {
        self.metadata = metadata
        self.generateName = generateName
        self.involvedAPIVersion = involvedAPIVersion
        self.involvedKind = involvedKind
        self.involvedNamespace = involvedNamespace
        self.involvedName = involvedName
        self.involvedUID = involvedUID
        self.reason = reason
        self.message = message
        self.type = type
        self.action = action
        self.reportingComponent = reportingComponent
        self.reportingInstance = reportingInstance
        self.eventTime = eventTime
    }
}

/// A Lease: who may act, until when.
public struct LeaseRecord: Sendable, Equatable {
    public var metadata: ObjectMeta
    public var holderIdentity: String
    public var leaseDurationSeconds: Int
    public var acquireTime: Timestamp?
    public var renewTime: Timestamp?
    public var leaseTransitions: Int

    public init(
        metadata: ObjectMeta, holderIdentity: String = "", leaseDurationSeconds: Int = 0,
        acquireTime: Timestamp? = nil, renewTime: Timestamp? = nil, leaseTransitions: Int = 0
    ) {
        self.metadata = metadata
        self.holderIdentity = holderIdentity
        self.leaseDurationSeconds = leaseDurationSeconds
        self.acquireTime = acquireTime
        self.renewTime = renewTime
        self.leaseTransitions = leaseTransitions
    }
}
