import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Evictions")
struct EvictionTests {
    struct Bypass: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var prepare: @Sendable (inout ClusterModel, String) -> Void
    }

    static let bypasses = [
        Bypass(testDescription: "succeeded") {
            $0.perform(.finish(namespace: "demo", pod: $1, phase: "Succeeded"))
        },
        Bypass(testDescription: "failed") { $0.perform(.finish(namespace: "demo", pod: $1, phase: "Failed")) },
        Bypass(testDescription: "terminating") {
            $0.perform(.deletePod(PodDeletion(namespace: "demo", name: $1)))
        },
    ]

    @Test("a budget that allows nothing does not guard pods that are over", arguments: bypasses)
    func bypass(_ bypass: Bypass) throws {
        var model = Scenario.web(.minAvailable(.int(3)))
        let pod = try #require(model.pods().first?.metadata.name)
        #expect(model.evict(pod)?.code == 429)
        bypass.prepare(&model, pod)
        #expect(model.evict(pod)?.code == 201)
    }

    @Test("a budget does not guard a pending pod")
    func pending() throws {
        var model = Scenario.web(.minAvailable(.int(3)))
        for node in ["node-a", "node-b"] { model.perform(.setUnschedulable(node: node, true)) }
        model.perform(.scale(namespace: "demo", workload: "web", replicas: 4))
        model.advance(to: model.now)
        let pending = try #require(model.pods().first { $0.status.phase == "Pending" })
        #expect(pending.scheduledAt == nil)
        #expect(pending.status.conditions.first?.reason == "Unschedulable")
        #expect(model.evict(pending.metadata.name)?.code == 201)
        #expect(model.pod(pending.metadata.name) == nil)
    }

    @Test(
        "an unready pod passes where its budget is healthy, or always under AlwaysAllow",
        arguments: [
            (BudgetLimit.minAvailable(.int(2)), nil, 201),
            (.minAvailable(.int(3)), nil, 429),
            (.minAvailable(.int(3)), .ifHealthyBudget, 429),
            (.minAvailable(.int(3)), .alwaysAllow, 201),
        ] as [(BudgetLimit, UnhealthyPodEvictionPolicy?, Int)])
    func unready(_ limit: BudgetLimit, _ policy: UnhealthyPodEvictionPolicy?, _ code: Int) throws {
        var model = Scenario.web(limit, policy: policy)
        let pod = try #require(model.pods().first?.metadata.name)
        model.perform(.setReady(namespace: "demo", pod: pod, false))
        model.advance(to: model.now)
        let before = try #require(model.budgetStatus("web")).disruptionsAllowed
        #expect(model.evict(pod)?.code == code)
        #expect(model.budgetStatus("web")?.disruptionsAllowed == before)
    }

    @Test("a dry run runs every check and changes nothing")
    func dryRun() throws {
        var model = Scenario.web(.maxUnavailable(.int(1)))
        let pod = try #require(model.pods().first?.metadata.name)
        let revision = model.revision
        #expect(model.evict(pod, dryRun: true)?.code == 201)
        #expect(model.evict(pod, dryRun: true)?.code == 201)
        #expect(model.revision == revision)
        #expect(model.evict(pod)?.code == 201)
        #expect(model.evict(model.pods()[1].metadata.name, dryRun: true)?.code == 429)
    }

    @Test("a stale UID burns a disruption before it is refused")
    func staleUID() throws {
        var timing = Timing.instant
        timing.budgetSync = .never
        var model = Scenario.web(.maxUnavailable(.int(1)), timing: timing)
        let pod = try #require(model.pods().first)
        let answer = model.evict(pod.metadata.name, uid: "another")
        let refusal = try #require(answer)
        #expect(refusal.code == 409)
        #expect(refusal.message.contains("the UID in the precondition (another) does not match"))
        #expect(model.budgetStatus("web")?.disruptionsAllowed == 0)
        #expect(model.pod(pod.metadata.name)?.isTerminating == false)
        #expect(model.evict(pod.metadata.name, uid: pod.metadata.uid)?.code == 429)
    }

    @Test("an eviction that never came true is forgotten after two minutes")
    func forgotten() throws {
        var model = Scenario.web(.maxUnavailable(.int(1)))
        let pod = try #require(model.pods().first?.metadata.name)
        _ = model.evict(pod, uid: "another")
        model.advance(to: Scenario.start + .seconds(119))
        #expect(model.budgetStatus("web")?.disruptionsAllowed == 0)
        model.advance(to: Scenario.start + .seconds(121))
        #expect(model.budgetStatus("web")?.disruptionsAllowed == 1)
        #expect(model.budgetStatus("web")?.disruptedPods.isEmpty == true)
    }

    @Test("a stale UID on an unready replacement is answered as a budget that is being processed")
    func staleUIDOfUnready() throws {
        var model = Scenario.web(.minAvailable(.int(2)))
        let pod = try #require(model.pods().first?.metadata.name)
        model.perform(.setReady(namespace: "demo", pod: pod, false))
        model.advance(to: model.now)
        let answer = model.evict(pod, uid: "another")
        let refusal = try #require(answer)
        #expect(refusal.code == 429)
        #expect(refusal.details?.causes.first?.message.hasSuffix("is still being processed by the server.") == true)
        #expect(refusal.details?.retryAfterSeconds == 10)
    }

    @Test("a changed budget is not believed before its controller has seen the change")
    func notSynced() throws {
        var timing = Timing.instant
        timing.budgetSync = .after(.seconds(5))
        var model = Scenario.web(.minAvailable(.int(3)), timing: timing)
        let pod = try #require(model.pods().first?.metadata.name)
        model.perform(.patchBudget(namespace: "demo", name: "web", BudgetPatch(limit: .minAvailable(.int(2)))))
        #expect(model.evict(pod)?.status.cause("DisruptionBudget")?.message.contains("still being processed") == true)
        model.advance(to: Scenario.start + .seconds(5))
        #expect(model.evict(pod)?.code == 201)
    }

    @Test("an accepted eviction marks the pod, and its deletion lies ahead by the grace period")
    func accepted() throws {
        var model = Scenario.barePod()
        #expect(model.evict("bare")?.code == 201)
        let pod = try #require(model.pod("bare"))
        #expect(pod.metadata.deletionTimestamp == Scenario.start + .seconds(30))
        #expect(pod.metadata.deletionGracePeriodSeconds == 30)
        #expect(pod.metadata.generation == 2)
        #expect(pod.status.conditions.last?.type == "DisruptionTarget")
        #expect(pod.status.conditions.last?.reason == "EvictionByEvictionAPI")
        #expect(model.evict("bare")?.code == 201, "a pod that terminates already")
        model.advance(to: Scenario.start + .seconds(2))
        #expect(model.evict("bare")?.code == 404)
    }

    @Test("a watch sees an eviction in its steps: condition, deletion, containers' end, no grace left, gone")
    func steps() throws {
        var model = Scenario.barePod()
        var revision = model.revision
        _ = model.evict("bare")
        model.advance(to: Scenario.start + .seconds(10))
        let events = try model.events(after: &revision, of: .pods(node: "node-a"))
        let graces = events.map { event in
            switch event {
            case .modified(let pod): "modified \(pod.metadata.deletionGracePeriodSeconds.map(String.init) ?? "-")"
            case .deleted(let pod): "deleted \(pod.metadata.deletionGracePeriodSeconds.map(String.init) ?? "-")"
            default: "other"
            }
        }
        #expect(graces == ["modified -", "modified 30", "modified 30", "modified 0", "deleted 0"])
        #expect(revision == model.revision)
    }
}
