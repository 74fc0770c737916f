import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Disruption controller")
struct DisruptionControllerTests {
    @Test(
        "allowed disruptions follow from the limit",
        arguments: [
            (BudgetLimit.minAvailable(.int(2)), 4, 2, 2),
            (.minAvailable(.int(9)), 4, 9, 0),
            (.minAvailable(.percent(50)), 4, 2, 2),
            (.minAvailable(.percent(51)), 4, 3, 1),
            (.maxUnavailable(.int(1)), 4, 3, 1),
            (.maxUnavailable(.int(0)), 4, 4, 0),
            (.maxUnavailable(.int(9)), 4, 0, 4),
            (.maxUnavailable(.percent(30)), 4, 2, 2),
        ] as [(BudgetLimit, Int, Int, Int)])
    func arithmetic(_ limit: BudgetLimit, _ expected: Int, _ desired: Int, _ allowed: Int) throws {
        let status = try #require(Scenario.web(limit, replicas: 4).budgetStatus("web"))
        #expect(status.expectedPods == expected)
        #expect(status.desiredHealthy == desired)
        #expect(status.currentHealthy == 4)
        #expect(status.disruptionsAllowed == allowed)
        #expect(status.conditions.first?.reason == (allowed > 0 ? "SufficientPods" : "InsufficientPods"))
    }

    @Test("a budget over a DaemonSet's pods fails its sync and says why")
    func noScale() throws {
        var model = Scenario.empty()
        model.addDaemonSet("demo", "agent")
        model.addBudget("demo", "agent", .maxUnavailable(.int(1)), selecting: ["app": "agent"])
        let status = try #require(model.budgetStatus("agent"))
        #expect(status.disruptionsAllowed == 0)
        #expect(status.observedGeneration == 0)
        #expect(status.conditions.first?.reason == "SyncFailed")
        #expect(status.conditions.first?.message == "daemonsets.apps does not implement the scale subresource")
        let pod = try #require(model.pods().first?.metadata.name)
        #expect(model.evict(pod)?.details?.causes.first?.message.contains("still being processed") == true)
    }

    @Test("a sync that fails later zeroes the allowance over stale counts, and the refusal names the failure")
    func failsLater() throws {
        var model = Scenario.web(.maxUnavailable(.int(1)))
        model.perform(.deleteWorkload(namespace: "demo", name: "web"))
        let pods = model.pods().map(\.metadata.name)
        model.perform(.setReady(namespace: "demo", pod: pods[0], false))
        model.advance(to: model.now)
        let status = try #require(model.budgetStatus("web"))
        #expect(status.disruptionsAllowed == 0)
        #expect(status.currentHealthy == 3)
        let cause = model.evict(pods[1])?.details?.causes.first?.message
        #expect(
            cause == "The disruption budget web does not allow evicting pods currently because it failed sync: "
                + "found no controllers for pod \"\(pods[0])\"")
    }

    @Test("failed pods count as expected ones, but not as healthy ones")
    func failedPods() throws {
        var model = Scenario.web(.minAvailable(.int(2)))
        let pod = try #require(model.pods().first?.metadata.name)
        model.perform(.finish(namespace: "demo", pod: pod, phase: "Failed"))
        model.advance(to: model.now + .seconds(3))
        let status = try #require(model.budgetStatus("web"))
        #expect(status.expectedPods == 4)
        #expect(status.currentHealthy == 3)
    }

    @Test("the status follows its pods after the controller's lag")
    func lag() throws {
        var timing = Timing.instant
        timing.budgetSync = .after(.seconds(3))
        var model = Scenario.web(.maxUnavailable(.int(1)), timing: timing)
        model.advance(to: Scenario.start + .seconds(3))
        let pod = try #require(model.pods().first?.metadata.name)
        model.perform(.setReady(namespace: "demo", pod: pod, false))
        model.advance(to: Scenario.start + .seconds(5))
        #expect(model.budgetStatus("web")?.currentHealthy == 3)
        model.advance(to: Scenario.start + .seconds(6))
        #expect(model.budgetStatus("web")?.currentHealthy == 2)
    }

    @Test("a deleted budget guards nobody")
    func deleted() throws {
        var model = Scenario.web(.minAvailable(.int(3)))
        let pod = try #require(model.pods().first?.metadata.name)
        #expect(model.evict(pod)?.code == 429)
        _ = model.handle(.deleteBudget(namespace: "demo", name: "web"), at: model.now)
        #expect(model.evict(pod)?.code == 201)
    }
}
