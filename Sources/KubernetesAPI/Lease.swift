public import Timestamps

/// A Lease of `coordination.k8s.io/v1`: who holds something, and until when at least.
public struct Lease: Sendable, Equatable {
    /// Every Lease of ours carries it.
    public static let label = (key: "app.kubernetes.io/managed-by", value: "drain-agent")

    public var metadata: ObjectMeta
    public var spec: Spec

    public struct Spec: Sendable, Equatable {
        /// Empty: nobody.
        public var holderIdentity: String
        public var leaseDurationSeconds: Int
        public var acquireTime: Timestamp?
        public var renewTime: Timestamp?
        public var leaseTransitions: Int

        public init(
            holderIdentity: String = "", leaseDurationSeconds: Int = 0, acquireTime: Timestamp? = nil,
            renewTime: Timestamp? = nil, leaseTransitions: Int = 0
        ) {
            self.holderIdentity = holderIdentity
            self.leaseDurationSeconds = leaseDurationSeconds
            self.acquireTime = acquireTime
            self.renewTime = renewTime
            self.leaseTransitions = leaseTransitions
        }
    }

    public init(metadata: ObjectMeta, spec: Spec = Spec()) {
        self.metadata = metadata
        self.spec = spec
    }
}

extension Lease: Decodable {
    private enum CodingKeys: String, CodingKey { case metadata, spec }
    private enum SpecKeys: String, CodingKey {
        case holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try object.decode(ObjectMeta.self, forKey: .metadata)
        guard object.contains(.spec) else {
            spec = Spec()
            return
        }
        let spec = try object.nestedContainer(keyedBy: SpecKeys.self, forKey: .spec)
        self.spec = Spec(
            holderIdentity: try spec.decodeIfPresent(String.self, forKey: .holderIdentity) ?? "",
            leaseDurationSeconds: try spec.decodeInt32IfPresent(forKey: .leaseDurationSeconds) ?? 0,
            acquireTime: try spec.decodeIfPresent(Timestamp.self, forKey: .acquireTime),
            renewTime: try spec.decodeIfPresent(Timestamp.self, forKey: .renewTime),
            leaseTransitions: try spec.decodeInt32IfPresent(forKey: .leaseTransitions) ?? 0)
    }
}
