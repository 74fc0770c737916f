/// What keeps pods in number: the owners that a budget's arithmetic and a surge depend on.
public struct Workload: Decodable, Sendable, Equatable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case deployment = "Deployment"
        case replicaSet = "ReplicaSet"
        case statefulSet = "StatefulSet"
        case replicationController = "ReplicationController"
    }

    public struct Key: Sendable, Hashable, CustomStringConvertible {
        public var kind: Kind
        public var namespace: String
        public var name: String

        public init(kind: Kind, namespace: String, name: String) {
            self.kind = kind
            self.namespace = namespace
            self.name = name
        }

        /// The owner of that reference, where its kind is one of ours.
        public init?(_ owner: OwnerReference, namespace: String) {
            guard let kind = Kind(rawValue: owner.kind) else { return nil }
            self.init(kind: kind, namespace: namespace, name: owner.name)
        }

        /// For people: `Deployment shop/web`.
        public var description: String { "\(kind.rawValue) \(namespace)/\(name)" }
    }

    public struct Strategy: Decodable, Sendable, Equatable {
        public struct RollingUpdate: Decodable, Sendable, Equatable {
            public var maxSurge: IntOrPercent?
            public var maxUnavailable: IntOrPercent?

            public init(maxSurge: IntOrPercent? = nil, maxUnavailable: IntOrPercent? = nil) {
                self.maxSurge = maxSurge
                self.maxUnavailable = maxUnavailable
            }
        }
        /// `RollingUpdate` (the default), `Recreate` or `OnDelete`.
        public var type: String?
        public var rollingUpdate: RollingUpdate?

        public init(type: String? = nil, rollingUpdate: RollingUpdate? = nil) {
            self.type = type
            self.rollingUpdate = rollingUpdate
        }
    }

    public struct Spec: Decodable, Sendable, Equatable {
        /// `nil`: one, as the API has it.
        public var replicas: Int?
        public var paused: Bool?
        public var strategy: Strategy?

        public init(replicas: Int? = nil, paused: Bool? = nil, strategy: Strategy? = nil) {
            self.replicas = replicas
            self.paused = paused
            self.strategy = strategy
        }

        private enum CodingKeys: String, CodingKey { case replicas, paused, strategy }

        public init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            replicas = try object.decodeInt32IfPresent(forKey: .replicas)
            paused = try object.decodeIfPresent(Bool.self, forKey: .paused)
            strategy = try object.decodeIfPresent(Strategy.self, forKey: .strategy)
        }
    }

    public var metadata: ObjectMeta
    public var spec: Spec

    public init(metadata: ObjectMeta, spec: Spec = Spec()) {
        self.metadata = metadata
        self.spec = spec
    }

    /// How many pods it wants.
    public var replicas: Int { spec.replicas ?? 1 }
}
