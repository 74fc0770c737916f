/// A node: the part of it that a drain reads.
public struct Node: Codable, Sendable, Equatable {
    public var metadata: ObjectMeta
    public var spec: NodeSpec
    public var status: NodeStatus

    public init(metadata: ObjectMeta, spec: NodeSpec = NodeSpec(), status: NodeStatus = NodeStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    public var isReady: Bool { status.conditions.contains { $0.type == "Ready" && $0.status == "True" } }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try object.decode(ObjectMeta.self, forKey: .metadata)
        spec = try object.decodeIfPresent(NodeSpec.self, forKey: .spec) ?? NodeSpec()
        status = try object.decodeIfPresent(NodeStatus.self, forKey: .status) ?? NodeStatus()
    }
}

public struct NodeSpec: Codable, Sendable, Equatable {
    /// Cordoned: the scheduler binds no new pod here.
    public var unschedulable: Bool
    public var taints: [Taint]

    public init(unschedulable: Bool = false, taints: [Taint] = []) {
        self.unschedulable = unschedulable
        self.taints = taints
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        unschedulable = try object.decodeIfPresent(Bool.self, forKey: .unschedulable) ?? false
        taints = try object.decodeIfPresent([Taint].self, forKey: .taints) ?? []
    }
}

public struct Taint: Codable, Sendable, Equatable {
    public var key: String
    public var effect: String

    public init(key: String, effect: String = "NoSchedule") {
        self.key = key
        self.effect = effect
    }
}

public struct NodeStatus: Codable, Sendable, Equatable {
    public var conditions: [Condition]
    /// Another one after each boot; empty where the kubelet says none.
    public var bootID: String
    /// Volumes the attach controller counts as attached.
    public var volumesAttached: [AttachedVolume]

    public init(conditions: [Condition] = [], bootID: String = "", volumesAttached: [AttachedVolume] = []) {
        self.conditions = conditions
        self.bootID = bootID
        self.volumesAttached = volumesAttached
    }

    private enum CodingKeys: String, CodingKey { case conditions, nodeInfo, volumesAttached }
    private struct Info: Codable { var bootID: String? }

    public func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: CodingKeys.self)
        try object.encode(conditions, forKey: .conditions)
        try object.encode(Info(bootID: bootID), forKey: .nodeInfo)
        try object.encode(volumesAttached, forKey: .volumesAttached)
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        conditions = try object.decodeIfPresent([Condition].self, forKey: .conditions) ?? []
        bootID = try object.decodeIfPresent(Info.self, forKey: .nodeInfo)?.bootID ?? ""
        volumesAttached = try object.decodeIfPresent([AttachedVolume].self, forKey: .volumesAttached) ?? []
    }
}

public struct AttachedVolume: Codable, Sendable, Equatable {
    public var name: String

    public init(name: String) { self.name = name }
}
