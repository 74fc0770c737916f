public import Timestamps

/// A PodDisruptionBudget: the part of it that a drain reads.
public struct Budget: Decodable, Sendable, Equatable {
    public var metadata: ObjectMeta
    public var spec: BudgetSpec
    public var status: BudgetStatus

    public init(metadata: ObjectMeta, spec: BudgetSpec = BudgetSpec(), status: BudgetStatus = BudgetStatus()) {
        self.metadata = metadata
        self.spec = spec
        self.status = status
    }

    private enum CodingKeys: String, CodingKey { case metadata, spec, status }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        metadata = try object.decode(ObjectMeta.self, forKey: .metadata)
        spec = try object.decodeIfPresent(BudgetSpec.self, forKey: .spec) ?? BudgetSpec()
        status = try object.decodeIfPresent(BudgetStatus.self, forKey: .status) ?? BudgetStatus()
    }

    /// The status speaks of the spec as it is now; before that its counts are of another one.
    public var isCurrent: Bool { status.observedGeneration >= metadata.generation }

    /// Whether it guards a pod of these labels in this namespace.
    public func selects(namespace: String, labels: [String: String]) -> Bool {
        guard namespace == metadata.namespace, let selector = spec.selector else { return false }
        return selector.matches(labels)
    }
}

public struct BudgetSpec: Decodable, Sendable, Equatable {
    public var minAvailable: IntOrPercent?
    public var maxUnavailable: IntOrPercent?
    /// `nil`: it guards nothing.
    public var selector: LabelSelector?
    /// `AlwaysAllow` or `IfHealthyBudget`; `nil`: the server's default, `IfHealthyBudget`.
    public var unhealthyPodEvictionPolicy: String?

    public init(
        minAvailable: IntOrPercent? = nil, maxUnavailable: IntOrPercent? = nil, selector: LabelSelector? = nil,
        unhealthyPodEvictionPolicy: String? = nil
    ) {
        self.minAvailable = minAvailable
        self.maxUnavailable = maxUnavailable
        self.selector = selector
        self.unhealthyPodEvictionPolicy = unhealthyPodEvictionPolicy
    }
}

public struct BudgetStatus: Decodable, Sendable, Equatable {
    public var observedGeneration: Int
    /// Evictions it allows right now. Below zero: more are disrupted than it allows.
    public var disruptionsAllowed: Int
    public var currentHealthy: Int
    public var desiredHealthy: Int
    /// What the controller counts on. With an integer `minAvailable` that is the pods there are, failed ones among them.
    public var expectedPods: Int
    /// Pods whose eviction was accepted and has not been seen by the controller, by name.
    public var disruptedPods: [String: Timestamp]
    public var conditions: [Condition]

    public init(
        observedGeneration: Int = 0, disruptionsAllowed: Int = 0, currentHealthy: Int = 0, desiredHealthy: Int = 0,
        expectedPods: Int = 0, disruptedPods: [String: Timestamp] = [:], conditions: [Condition] = []
    ) {
        self.observedGeneration = observedGeneration
        self.disruptionsAllowed = disruptionsAllowed
        self.currentHealthy = currentHealthy
        self.desiredHealthy = desiredHealthy
        self.expectedPods = expectedPods
        self.disruptedPods = disruptedPods
        self.conditions = conditions
    }

    private enum CodingKeys: String, CodingKey {
        case observedGeneration, disruptionsAllowed, currentHealthy, desiredHealthy, expectedPods, disruptedPods
        case conditions
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        observedGeneration = try object.decodeIfPresent(Int.self, forKey: .observedGeneration) ?? 0
        disruptionsAllowed = try object.decodeInt32IfPresent(forKey: .disruptionsAllowed) ?? 0
        currentHealthy = try object.decodeInt32IfPresent(forKey: .currentHealthy) ?? 0
        desiredHealthy = try object.decodeInt32IfPresent(forKey: .desiredHealthy) ?? 0
        expectedPods = try object.decodeInt32IfPresent(forKey: .expectedPods) ?? 0
        disruptedPods = try object.decodeIfPresent([String: Timestamp].self, forKey: .disruptedPods) ?? [:]
        conditions = try object.decodeIfPresent([Condition].self, forKey: .conditions) ?? []
    }

    /// Why the controller could not make sense of the budget, if it says so (Kubernetes 1.21).
    public var syncFailure: String? {
        conditions.first { $0.type == "DisruptionAllowed" && $0.reason == "SyncFailed" }?.message
    }
}
