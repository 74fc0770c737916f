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
    case lease(Lease)
    case volumeAttachment(VolumeAttachment)

    public var resource: ResourceKind {
        switch self {
        case .pod: .pods
        case .node: .nodes
        case .budget: .budgets
        case .workload(let view): view.resource
        case .namespace: .namespaces
        case .event: .events
        case .lease: .leases
        case .volumeAttachment: .volumeAttachments
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
        case .lease(let lease): lease.metadata
        case .volumeAttachment(let attachment): attachment.metadata
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
    /// A Deployment's.
    public var strategy: Workload.Strategy?
    public var isPaused: Bool
    /// What the template's annotation says.
    public var restartedAt: String?
    /// Pods that are there, and those of them that are ready.
    public var current: Int
    public var ready: Int
    public var succeeded: Int

    /// As a client reads it.
    public var workload: Workload {
        Workload(
            metadata: metadata,
            spec: Workload.Spec(replicas: replicas, paused: isPaused ? true : nil, strategy: strategy))
    }
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
    public var component: String
    /// 0: not said.
    public var count: Int
    public var firstTimestamp: Timestamp?
    public var lastTimestamp: Timestamp?

    public init(
        metadata: ObjectMeta, generateName: String = "", involvedAPIVersion: String = "", involvedKind: String = "",
        involvedNamespace: String = "", involvedName: String = "", involvedUID: String = "", reason: String = "",
        message: String = "", type: String = "Normal", action: String = "", reportingComponent: String = "",
        reportingInstance: String = "", eventTime: Timestamp? = nil, component: String = "", count: Int = 0,
        firstTimestamp: Timestamp? = nil, lastTimestamp: Timestamp? = nil
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
        self.component = component
        self.count = count
        self.firstTimestamp = firstTimestamp
        self.lastTimestamp = lastTimestamp
    }
}
