import KubernetesAPI
import Timestamps

/// Hands out plans: one survey at a time, its result good for everybody for half a minute. A failure is not kept.
actor PlanDesk {
    static let freshness = Duration.seconds(30)

    private let make: @Sendable (PodIdentity?) async -> Result<Plan, Planner.Failure>
    private let now: @Sendable () -> Timestamp
    private var kept: Plan?
    private var underWay: Task<Result<Plan, Planner.Failure>, Never>?

    init(
        now: @escaping @Sendable () -> Timestamp,
        make: @escaping @Sendable (PodIdentity?) async -> Result<Plan, Planner.Failure>
    ) {
        self.now = now
        self.make = make
    }

    func plan(own: PodIdentity?) async -> Result<Plan, Planner.Failure> {
        if let kept, now() - kept.taken < Self.freshness { return .success(kept) }
        if let underWay { return await underWay.value }
        // Not the caller's task: others may be waiting for it when the caller's client goes away.
        let survey = Task { await make(own) }
        underWay = survey
        let result = await survey.value
        underWay = nil
        if case .success(let plan) = result { kept = plan }
        return result
    }
}

extension PlanDesk {
    init(_ planner: Planner, time: TimeSource) {
        self.init(now: { time.now() }, make: { await planner.plan(own: $0) })
    }
}
