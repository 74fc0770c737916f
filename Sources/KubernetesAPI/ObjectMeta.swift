public import Timestamps

/// What every Kubernetes object says of itself: the part we read.
public struct ObjectMeta: Codable, Sendable, Equatable {
    public var name: String
    public var namespace: String
    public var uid: String
    public var resourceVersion: String
    public var generation: Int
    public var labels: [String: String]
    /// Only the keys we act on; see `isKept`.
    public var annotations: [String: String]
    public var ownerReferences: [OwnerReference]
    public var finalizers: [String]
    public var creationTimestamp: Timestamp?
    /// When the object should be gone: it lies ahead by the grace period.
    public var deletionTimestamp: Timestamp?
    public var deletionGracePeriodSeconds: Int64?

    public init(
        name: String, namespace: String = "", uid: String = "", resourceVersion: String = "", generation: Int = 0,
        labels: [String: String] = [:], annotations: [String: String] = [:], ownerReferences: [OwnerReference] = [],
        finalizers: [String] = [], creationTimestamp: Timestamp? = nil, deletionTimestamp: Timestamp? = nil,
        deletionGracePeriodSeconds: Int64? = nil
    ) {
        self.name = name
        self.namespace = namespace
        self.uid = uid
        self.resourceVersion = resourceVersion
        self.generation = generation
        self.labels = labels
        self.annotations = annotations
        self.ownerReferences = ownerReferences
        self.finalizers = finalizers
        self.creationTimestamp = creationTimestamp
        self.deletionTimestamp = deletionTimestamp
        self.deletionGracePeriodSeconds = deletionGracePeriodSeconds
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        name = try object.decodeIfPresent(String.self, forKey: .name) ?? ""
        namespace = try object.decodeIfPresent(String.self, forKey: .namespace) ?? ""
        uid = try object.decodeIfPresent(String.self, forKey: .uid) ?? ""
        resourceVersion = try object.decodeIfPresent(String.self, forKey: .resourceVersion) ?? ""
        generation = try object.decodeIfPresent(Int.self, forKey: .generation) ?? 0
        labels = try object.decodeIfPresent([String: String].self, forKey: .labels) ?? [:]
        let all = try object.decodeIfPresent([String: String].self, forKey: .annotations) ?? [:]
        annotations = all.filter { Self.isKept($0.key) }
        ownerReferences = try object.decodeIfPresent([OwnerReference].self, forKey: .ownerReferences) ?? []
        finalizers = try object.decodeIfPresent([String].self, forKey: .finalizers) ?? []
        creationTimestamp = try object.decodeIfPresent(Timestamp.self, forKey: .creationTimestamp)
        deletionTimestamp = try object.decodeIfPresent(Timestamp.self, forKey: .deletionTimestamp)
        deletionGracePeriodSeconds = try object.decodeIfPresent(Int64.self, forKey: .deletionGracePeriodSeconds)
    }

    /// The mirror mark and our own: the rest (`last-applied-configuration` above all) can be larger than the object.
    private static func isKept(_ annotation: String) -> Bool {
        guard let slash = annotation.utf8.firstIndex(of: UInt8(ascii: "/")) else { return false }
        return annotation[..<slash].hasSuffix("drain-agent.dev") || annotation == Pod.mirrorAnnotation
    }

    /// The owner that manages the object, if one does.
    public var controller: OwnerReference? { ownerReferences.first { $0.controller } }
}

/// A link from an object to one that owns it.
public struct OwnerReference: Codable, Sendable, Equatable {
    public var apiVersion: String
    public var kind: String
    public var name: String
    public var uid: String
    public var controller: Bool

    public init(apiVersion: String = "", kind: String, name: String, uid: String = "", controller: Bool = true) {
        self.apiVersion = apiVersion
        self.kind = kind
        self.name = name
        self.uid = uid
        self.controller = controller
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        apiVersion = try object.decodeIfPresent(String.self, forKey: .apiVersion) ?? ""
        kind = try object.decodeIfPresent(String.self, forKey: .kind) ?? ""
        name = try object.decodeIfPresent(String.self, forKey: .name) ?? ""
        uid = try object.decodeIfPresent(String.self, forKey: .uid) ?? ""
        controller = try object.decodeIfPresent(Bool.self, forKey: .controller) ?? false
    }
}

/// One entry of an object's `status.conditions`.
public struct Condition: Codable, Sendable, Equatable {
    public var type: String
    public var status: String
    public var reason: String
    public var message: String
    public var lastTransitionTime: Timestamp?

    public init(
        type: String, status: String = "True", reason: String = "", message: String = "",
        lastTransitionTime: Timestamp? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastTransitionTime = lastTransitionTime
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        type = try object.decodeIfPresent(String.self, forKey: .type) ?? ""
        status = try object.decodeIfPresent(String.self, forKey: .status) ?? ""
        reason = try object.decodeIfPresent(String.self, forKey: .reason) ?? ""
        message = try object.decodeIfPresent(String.self, forKey: .message) ?? ""
        lastTransitionTime = try object.decodeIfPresent(Timestamp.self, forKey: .lastTransitionTime)
    }
}
