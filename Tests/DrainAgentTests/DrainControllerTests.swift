import DrainEngine
import DrainTelemetry
import KubernetesAPI
import KubernetesClient
import Testing
import Timestamps

@testable import DrainAgent

@Suite(.serialized, .timeLimit(.minutes(2))) struct DrainControllerTests {
    private func withController(
        frozen: Bool = false, timeout: Duration? = nil,
        _ body: (DrainController, AgentTelemetry, TestCluster) async throws -> Void
    ) async throws {
        try await TestCluster.with { model in
            model.addShop()
            if frozen { model.addFrozen() }
        } _: { cluster in
            let time = TimeSource.anchored()
            let telemetry = try AgentTelemetry(
                AgentTelemetry.Settings(
                    node: TestCluster.node, dryRun: false, spans: nil, logFormat: .json, logLevel: nil,
                    serverAddress: "127.0.0.1"), time: time)
            let real = Cluster(ClusterAccess(server: cluster.server), api: telemetry.api, time: time)
            var policy = DrainPolicy(node: TestCluster.node)
            policy.budgetRetryInterval = .milliseconds(100)
            let controller = DrainController(
                cluster: real, telemetry: telemetry, policy: policy, timeout: timeout, time: time)
            try await body(controller, telemetry, cluster)
            await real.client.shutdown()
        }
    }

    private func demand(id: String? = nil, timeout: Duration? = nil) -> DrainDemand {
        var demand = DrainDemand(.http)
        demand.id = id
        demand.overrides.timeout = timeout
        return demand
    }

    @Test("the same drain asked for again is the one that runs, another one is a conflict; also after its end")
    func again() async throws {
        try await withController { controller, _, _ in
            guard case .begun(let id) = await controller.start(demand(timeout: .seconds(60)), own: nil) else {
                Issue.record("not begun")
                return
            }
            for _ in 0..<2 {
                #expect(await controller.start(demand(timeout: .seconds(60)), own: nil) == .already(id: id))
                #expect(await controller.start(demand(id: id), own: nil) == .already(id: id))
                #expect(await controller.start(demand(), own: nil) == .conflict(id: id))
                #expect(await controller.start(demand(id: "another"), own: nil) == .conflict(id: id))
                #expect(await controller.outcome()?.outcome == .completed)
            }
            #expect(await controller.isRunning == false)
            #expect(await controller.hasBegun)
        }
    }

    @Test("a drain keeps the name it was given")
    func named() async throws {
        try await withController { controller, telemetry, _ in
            #expect(await controller.start(demand(id: "reboot-7"), own: nil) == .begun(id: "reboot-7"))
            _ = await controller.outcome()
            #expect(telemetry.progress.current.start?.id == "reboot-7")
        }
    }

    @Test("a cancelled drain ends as cancelled, and there is nothing to cancel before and after")
    func cancelled() async throws {
        try await withController(frozen: true) { controller, _, cluster in
            #expect(await controller.cancel(uncordon: false) == false)
            _ = await controller.start(demand(), own: nil)
            #expect(await controller.cancel(uncordon: true))
            #expect(await controller.outcome()?.outcome == .cancelled)
            #expect(await controller.cancel(uncordon: false) == false)
            #expect(!cluster.isUnschedulable)
        }
    }

    @Test("everybody who waits for the outcome gets it, also those who came first")
    func waiters() async throws {
        try await withController { controller, _, _ in
            async let early = controller.outcome()
            async let another = controller.outcome()
            _ = await controller.start(demand(), own: nil)
            let outcomes = await [early, another, controller.outcome()].map { $0?.outcome }
            #expect(outcomes == [.completed, .completed, .completed])
        }
    }

    @Test("who stops waiting is forgotten at once, and the others are not")
    func departed() async throws {
        try await withController { controller, _, _ in
            let departing = Task { await controller.outcome() }
            async let staying = controller.outcome()
            departing.cancel()
            #expect(await departing.value == nil)
            _ = await controller.start(demand(), own: nil)
            #expect(await staying?.outcome == .completed)
        }
    }

    @Test("a limit that has passed ends the drain, whatever the timeout says")
    func limited() async throws {
        try await withController(frozen: true, timeout: .seconds(3600)) { controller, telemetry, _ in
            _ = await controller.start(demand(), own: nil)
            let now = TimeSource.anchored().now()
            let limit = TimeLimit(deadline: now, hardEnd: now + .seconds(3))
            await controller.limit(to: limit)
            #expect(await controller.outcome()?.outcome == .timedOut)
            #expect(await controller.graceLimit == limit)
            #expect(telemetry.progress.current.deadline == limit.deadline)
        }
    }

    @Test("a limit can be taken back; then the timeout is the deadline again")
    func unlimited() async throws {
        try await withController(frozen: true, timeout: .milliseconds(1500)) { controller, telemetry, _ in
            _ = await controller.start(demand(), own: nil)
            await controller.limit(to: TimeLimit(deadline: .distantFuture, hardEnd: .distantFuture))
            await controller.limit(to: nil)
            #expect(await controller.outcome()?.outcome == .timedOut)
            let given = try #require(telemetry.progress.current.deadline) - TimeSource.anchored().now()
            #expect(given < .seconds(60))
        }
    }

    @Test("an override of the timeout replaces the flag's; zero: never")
    func overridden() async throws {
        try await withController(timeout: .seconds(1)) { controller, telemetry, _ in
            _ = await controller.start(demand(timeout: .zero), own: nil)
            #expect(await controller.outcome()?.outcome == .completed)
            #expect(telemetry.progress.current.deadline == nil)
        }
    }
}
