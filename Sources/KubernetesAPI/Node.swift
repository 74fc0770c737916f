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

    public init(conditions: [Condition] = []) { self.conditions = conditions }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        conditions = try object.decodeIfPresent([Condition].self, forKey: .conditions) ?? []
    }
}
