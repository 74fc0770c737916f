import KubernetesAPI
import Locking
import Testing
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

@Suite("PlanDesk", .timeLimit(.minutes(1))) struct PlanDeskTests {
    private final class Surveys: Sendable {
        let now = Lock(Timestamp(seconds: 1000))
        let count = Lock(0)
        let fails = Lock(false)
        let gate = AsyncStream<Void>.makeStream()

        func make() async -> Result<Plan, Planner.Failure> {
            count.withLock { $0 += 1 }
            if fails.withLock({ $0 }) { return .failure(Planner.Failure(outcome: .failed, reason: "away")) }
            let forecast = Forecast(node: "node-a", isUnschedulable: false, pods: [], budgets: [])
            return .success(Plan(forecast: forecast, taken: now.withLock { $0 }))
        }

        var made: Int { count.withLock { $0 } }
        func pass(_ time: Duration) { now.withLock { $0 = $0 + time } }
    }

    private func desk(_ surveys: Surveys, waits: Bool = false) -> PlanDesk {
        PlanDesk(now: { surveys.now.withLock { $0 } }) { _ in
            let result = await surveys.make()
            if waits { for await _ in surveys.gate.stream { break } }
            return result
        }
    }

    @Test("a plan is good for 30 seconds, and then made anew")
    func keeps() async throws {
        let surveys = Surveys()
        let desk = desk(surveys)
        let first = try await desk.plan(own: nil).get()
        surveys.pass(.seconds(29))
        #expect(try await desk.plan(own: nil).get() == first && surveys.made == 1)
        surveys.pass(.seconds(1))
        #expect(try await desk.plan(own: nil).get() != first && surveys.made == 2)
    }

    @Test("a failure is told, and not kept")
    func forgetsFailures() async throws {
        let surveys = Surveys()
        surveys.fails.withLock { $0 = true }
        let desk = desk(surveys)
        #expect(await desk.plan(own: nil) == .failure(Planner.Failure(outcome: .failed, reason: "away")))
        surveys.fails.withLock { $0 = false }
        _ = try await desk.plan(own: nil).get()
        #expect(surveys.made == 2)
    }

    @Test("who asks while a survey is under way shares it")
    func shares() async throws {
        let surveys = Surveys()
        let desk = desk(surveys, waits: true)
        async let first = desk.plan(own: nil)
        while surveys.made == 0 { await Task.yield() }
        async let second = desk.plan(own: nil)
        // Both have asked: the second one is at the desk once the desk has answered something after it.
        for _ in 0..<100 { await Task.yield() }
        surveys.gate.continuation.finish()
        #expect(try await first.get() == second.get())
        #expect(surveys.made == 1)
    }
}
