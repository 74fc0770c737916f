import DrainEngine
import KubernetesAPI
import Locking
import Timestamps

/// Makes a plan: a drain that ends before it touches anything.
struct Planner: Sendable {
    /// Why there is no plan.
    struct Failure: Error, Equatable {
        var outcome: DrainOutcome
        var reason: String
    }

    /// Hears the one fact that the plan is made of.
    private final class Listener: DrainObserver {
        private let heard = Lock<Plan?>(nil)

        var plan: Plan? { heard.withLock { $0 } }

        func observe(_ event: DrainEvent) {
            guard case .surveyed(let forecast) = event.fact else { return }
            heard.withLock { $0 = Plan(forecast: forecast, taken: event.at) }
        }
    }

    /// The whole of it, lists and all; far beyond what a survey takes.
    private static let limit = Duration.seconds(60)

    private let cluster: Cluster
    private let policy: DrainPolicy
    private let time: TimeSource

    init(cluster: Cluster, policy: DrainPolicy, time: TimeSource) {
        self.cluster = cluster
        var policy = policy
        policy.surveysOnly = true
        policy.certificateRefusalIsFinal = true
        policy.startupTimeout = policy.startupTimeout ?? .seconds(10)
        self.policy = policy
        self.time = time
    }

    /// `cancelled` ends it early.
    func plan(own: PodIdentity?, cancelled: AsyncStream<SignalFeed.Signal>? = nil) async -> Result<Plan, Failure> {
        var policy = policy
        policy.selfPod = own
        let listener = Listener()
        let runner = DrainRunner(
            policy: policy, seed: .random(in: .min ... .max), environment: cluster.untracedEnvironment,
            observer: listener)
        let interrupts = cancelled.map { signals in
            Task { for await _ in signals { runner.cancel(uncordon: false) } }
        }
        defer { interrupts?.cancel() }
        let summary = await runner.run(
            DrainStart(id: "plan", trigger: .command, deadline: time.now() + Self.limit))
        guard let plan = listener.plan else {
            return .failure(Failure(outcome: summary.outcome, reason: summary.reason))
        }
        return .success(plan)
    }
}

/// A forecast, and when it was made.
struct Plan: Sendable, Equatable {
    var forecast: Forecast
    var taken: Timestamp
}
