public import Timestamps

/// A pod: the part of it that a drain reads.
public struct Pod: Codable, Sendable, Equatable {
    /// Set by the kubelet on the API server's copy of a static pod, which nobody can evict.
    public static let mirrorAnnotation = "kubernetes.io/config.mirror"

    public var metadata: ObjectMeta
    public var spec: PodSpec
    public var status: PodStatus

    public init(metadata: ObjectMeta, spec: PodSpec = PodSpec(), status: PodStatus = PodStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try object.decode(ObjectMeta.self, forKey: .metadata)
        spec = try object.decodeIfPresent(PodSpec.self, forKey: .spec) ?? PodSpec()
        status = try object.decodeIfPresent(PodStatus.self, forKey: .status) ?? PodStatus()
    }

    public var identity: PodIdentity {
        PodIdentity(namespace: metadata.namespace, name: metadata.name, uid: metadata.uid)
    }

    public var isMirror: Bool { metadata.annotations[Self.mirrorAnnotation] != nil }
    public var isTerminating: Bool { metadata.deletionTimestamp != nil }
    public var isFinished: Bool { status.phase == "Succeeded" || status.phase == "Failed" }
    public var isReady: Bool { status.conditions.contains { $0.type == "Ready" && $0.status == "True" } }

    /// When the scheduler bound it to its node; `nil` where nobody says so (a pod created with a node name).
    public var scheduledAt: Timestamp? {
        status.conditions.first { $0.type == "PodScheduled" && $0.status == "True" }?.lastTransitionTime
    }
}

/// Which pod, exactly: the name can come back with another UID, and is then another pod.
public struct PodIdentity: Codable, Sendable, Hashable, CustomStringConvertible {
    public var namespace: String
    public var name: String
    public var uid: String

    public init(namespace: String, name: String, uid: String) {
        self.namespace = namespace
        self.name = name
        self.uid = uid
    }

    public var description: String { "\(namespace)/\(name)" }
}

public struct PodSpec: Codable, Sendable, Equatable {
    public var nodeName: String
    public var priority: Int64
    public var terminationGracePeriodSeconds: Int64
    public var volumes: [Volume]

    public init(
        nodeName: String = "", priority: Int64 = 0, terminationGracePeriodSeconds: Int64 = 30, volumes: [Volume] = []
    ) {
        self.nodeName = nodeName
        self.priority = priority
        self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
        self.volumes = volumes
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        nodeName = try object.decodeIfPresent(String.self, forKey: .nodeName) ?? ""
        priority = try object.decodeIfPresent(Int64.self, forKey: .priority) ?? 0
        terminationGracePeriodSeconds =
            try object.decodeIfPresent(Int64.self, forKey: .terminationGracePeriodSeconds) ?? 30
        volumes = try object.decodeIfPresent([Volume].self, forKey: .volumes) ?? []
    }

    public var hasEmptyDir: Bool { volumes.contains { $0.emptyDir != nil } }
}

/// A volume: whether its data dies with the pod, and the claim it comes from.
public struct Volume: Codable, Sendable, Equatable {
    public struct EmptyDir: Codable, Sendable, Equatable {
        public init() {}
    }
    public struct Claim: Codable, Sendable, Equatable {
        public var claimName: String

        public init(claimName: String) { self.claimName = claimName }
    }

    public var name: String
    public var emptyDir: EmptyDir?
    public var persistentVolumeClaim: Claim?

    public init(name: String, emptyDir: EmptyDir? = nil, persistentVolumeClaim: Claim? = nil) {
        self.name = name
        self.emptyDir = emptyDir
        self.persistentVolumeClaim = persistentVolumeClaim
    }
}

public struct PodStatus: Codable, Sendable, Equatable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    public var phase: String
    public var conditions: [Condition]
    public var containerStatuses: [ContainerStatus]

    public init(phase: String = "", conditions: [Condition] = [], containerStatuses: [ContainerStatus] = []) {
        self.phase = phase
        self.conditions = conditions
        self.containerStatuses = containerStatuses
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        phase = try object.decodeIfPresent(String.self, forKey: .phase) ?? ""
        conditions = try object.decodeIfPresent([Condition].self, forKey: .conditions) ?? []
        containerStatuses = try object.decodeIfPresent([ContainerStatus].self, forKey: .containerStatuses) ?? []
    }
}

/// A container: only whether it still runs.
public struct ContainerStatus: Codable, Sendable, Equatable {
    public struct State: Codable, Sendable, Equatable {
        public struct Running: Codable, Sendable, Equatable {
            public init() {}
        }
        public var running: Running?

        public init(running: Running? = nil) { self.running = running }
    }

    public var name: String
    public var state: State?

    public init(name: String, isRunning: Bool) {
        self.name = name
        state = State(running: isRunning ? State.Running() : nil)
    }

    public var isRunning: Bool { state?.running != nil }
}
