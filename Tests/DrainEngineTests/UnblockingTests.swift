import KubernetesAPI
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("Unblocking: budgets that can never allow")
struct UnblockingTests {
    private static let epoch = ScriptedDrain.epoch
    private static let budget = BudgetKey(namespace: "demo", name: "web")
    private static let web = Workload.Key(kind: .deployment, namespace: "demo", name: "web")

    private static func deployment(
        replicas: Int? = 1, paused: Bool? = nil, type: String? = nil, surge: IntOrPercent? = nil,
        missing: IntOrPercent? = nil, annotation: String? = nil
    ) -> Workload {
        Workload(
            metadata: ObjectMeta(
                name: "web", namespace: "demo",
                annotations: annotation.map { [Unblocking.annotation: $0] } ?? [:]),
            spec: Workload.Spec(
                replicas: replicas, paused: paused,
                strategy: Workload.Strategy(
                    type: type,
                    rollingUpdate: Workload.Strategy.RollingUpdate(maxSurge: surge, maxUnavailable: missing))))
    }

    @Test(
        "a Deployment that can surge is restarted",
        arguments: [
            deployment(), deployment(replicas: nil), deployment(replicas: 3), deployment(type: "RollingUpdate"),
            deployment(replicas: 10, surge: .int(1), missing: .int(0)),
            deployment(replicas: 50, surge: .percent(1), missing: .percent(1)),
        ])
    func restarts(_ owner: Workload) {
        #expect(Unblocking.decision(Self.web, owner, .rolloutRestart) == .restart)
    }

    @Test(
        "what would not help is refused, with the number to change",
        arguments: [
            (deployment(paused: true), "its rollout is paused"),
            (deployment(replicas: 0), "it wants no replicas"),
            (deployment(type: "Recreate"), "its strategy is Recreate: old pods stop before new ones are ready"),
            (deployment(surge: .int(0)), "its maxSurge 0 adds no pod: set it to 1 or more"),
            (deployment(surge: .percent(0)), "its maxSurge 0% adds no pod: set it to 1 or more"),
            (
                deployment(replicas: 4),
                "its maxUnavailable 25% of 4 replicas stops pods before new ones are ready: set it to 0"
            ),
            (
                deployment(missing: .int(1)),
                "its maxUnavailable 1 of 1 replicas stops pods before new ones are ready: set it to 0"
            ),
        ])
    func refuses(_ row: (owner: Workload, reason: String)) {
        #expect(Unblocking.decision(Self.web, row.owner, .rolloutRestart) == .refuse(row.reason))
    }

    @Test(
        "nothing but a Deployment is restarted",
        arguments: Workload.Kind.allCases.filter { $0 != .deployment })
    func otherKinds(_ kind: Workload.Kind) {
        let key = Workload.Key(kind: kind, namespace: "demo", name: "web")
        guard case .refuse(let reason) = Unblocking.decision(key, Self.deployment(), .rolloutRestart) else {
            Issue.record("it would be restarted")
            return
        }
        #expect(!reason.isEmpty)
        #expect(Unblocking.decision(key, Self.deployment(), .off) == .unasked)
    }

    @Test("a Deployment that could not be read is no reason to guess")
    func unread() {
        #expect(Unblocking.decision(Self.web, nil, .rolloutRestart) == .refuse("it could not be read"))
        #expect(Unblocking.decision(Self.web, nil, .off) == .unasked)
        let set = Workload(
            metadata: ObjectMeta(name: "web-1", ownerReferences: [OwnerReference(kind: "Deployment", name: "web")]))
        let key = Workload.Key(kind: .replicaSet, namespace: "demo", name: "web-1")
        #expect(Unblocking.decision(key, set, .rolloutRestart) == .refuse("its Deployment could not be read"))
    }

    @Test("the owner's annotation goes before the flag, both ways")
    func annotation() {
        let asks = Self.deployment(annotation: "rollout-restart")
        let declines = Self.deployment(annotation: "off")
        let mumbles = Self.deployment(annotation: "please")
        #expect(Unblocking.decision(Self.web, asks, .off) == .restart)
        #expect(Unblocking.decision(Self.web, declines, .rolloutRestart) == .unasked)
        #expect(Unblocking.decision(Self.web, mumbles, .off) == .unasked)
        #expect(Unblocking.decision(Self.web, Self.deployment(), .off) == .unasked)
    }

    private var unblocking = Unblocking()
    private var random = SplitMix64(seed: 1)

    private mutating func despair(_ owner: Workload, at seconds: Int = 0) -> [DrainEvent.Fact] {
        unblocking.despaired(
            of: Self.budget, owners: [Self.web: owner], .rolloutRestart, at: Self.epoch + .seconds(seconds))
    }

    private mutating func answer(_ answer: Exchange.Answer, at seconds: Int) -> [DrainEvent.Fact] {
        let now = Self.epoch + .seconds(seconds)
        return unblocking.answered(
            Self.web, Exchange(answer: answer, sent: now, received: now), at: now,
            policy: DrainPolicy(node: "node-a"), random: &random)
    }

    private static func step(_ result: UnblockStep.Result) -> [DrainEvent.Fact] {
        [.unblock(UnblockStep(owner: web, budget: budget, result: result))]
    }

    @Test("an owner is restarted once, as kubectl does it")
    mutating func once() {
        #expect(despair(Self.deployment()).isEmpty)
        #expect(unblocking.nextWake == Self.epoch)
        let requests = unblocking.sendDue(at: Self.epoch)
        #expect(
            requests == [DrainRequest(purpose: .unblock(Self.web), call: .restartRollout(Self.web, at: Self.epoch))])
        #expect(unblocking.sendDue(at: Self.epoch).isEmpty && unblocking.nextWake == nil)
        #expect(answer(.success(code: 200, .other), at: 1) == Self.step(.restarted))
        #expect(despair(Self.deployment(), at: 60).isEmpty)
        #expect(unblocking.sendDue(at: Self.epoch + .seconds(60)).isEmpty)
    }

    @Test("a refusal is told once, and what has been mended is restarted")
    mutating func mended() {
        let paused = Self.deployment(paused: true)
        #expect(despair(paused) == Self.step(.refused(reason: "its rollout is paused")))
        #expect(despair(paused, at: 5).isEmpty && unblocking.sendDue(at: Self.epoch).isEmpty)
        #expect(despair(Self.deployment(), at: 9).isEmpty)
        #expect(unblocking.sendDue(at: Self.epoch + .seconds(9)).count == 1)
    }

    @Test("a lost request is sent again; a 403 that stays names the permission")
    mutating func failures() throws {
        _ = despair(Self.deployment())
        _ = unblocking.sendDue(at: Self.epoch)
        guard case .requestFailed(.write, _, _) = answer(.away, at: 0).first else {
            Issue.record("nothing said")
            return
        }
        let due = try #require(unblocking.nextWake)
        #expect(unblocking.sendDue(at: due).count == 1)
        _ = answer(.refusal(Status(code: 403, message: "no")), at: 1)
        _ = unblocking.sendDue(at: Self.epoch + .seconds(4))
        #expect(
            answer(.refusal(Status(code: 403, message: "no")), at: 4)
                == Self.step(.failed(message: "patch deployments.apps is not allowed: no")))
        #expect(unblocking.nextWake == nil)
    }
}

@Suite("NodeDrain: unblocking")
struct NodeDrainUnblockTests {
    private static let epoch = ScriptedDrain.epoch
    private static let labels = ["app": "web"]
    private static let web = Workload.Key(kind: .deployment, namespace: "demo", name: "web")

    private static func budget(allowed: Int = 0, healthy: Int = 1) -> Budget {
        Budget(
            metadata: ObjectMeta(name: "web", namespace: "demo", generation: 1),
            spec: BudgetSpec(minAvailable: .int(1), selector: LabelSelector([.isIn(key: "app", values: ["web"])])),
            status: BudgetStatus(
                observedGeneration: 1, disruptionsAllowed: allowed, currentHealthy: healthy, desiredHealthy: 1,
                expectedPods: healthy))
    }

    /// One replica behind minAvailable 1; a restarted rollout adds a second.
    private static func drain(_ unblock: DrainPolicy.Unblock, annotation: String? = nil) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        policy.unblock = unblock
        let pod = Pod.stub("a", owner: OwnerReference(kind: "ReplicaSet", name: "web-1"), labels: labels)
        let drain = ScriptedDrain([pod], policy: policy, deadline: .seconds(120))
        drain.put(budget())
        drain.cluster.workloads = [
            Workload.Key(kind: .replicaSet, namespace: "demo", name: "web-1"): Workload(
                metadata: ObjectMeta(
                    name: "web-1", namespace: "demo",
                    ownerReferences: [OwnerReference(kind: "Deployment", name: "web")]),
                spec: Workload.Spec(replicas: 1)),
            web: Workload(
                metadata: ObjectMeta(
                    name: "web", namespace: "demo",
                    annotations: annotation.map { [Unblocking.annotation: $0] } ?? [:]),
                spec: Workload.Spec(replicas: 1)),
        ]
        var isRestarted = false
        drain.script = { [unowned drain] call, now in
            switch call {
            case .evict where !isRestarted || now < epoch + .seconds(20):
                return .init(.budget("web", needs: 1, has: 1))
            case .restartRollout:
                isRestarted = true
                drain.at(.seconds(20)) { $0.put(Self.budget(allowed: 1, healthy: 2)) }
                return nil
            default: return nil
            }
        }
        return drain
    }

    private static func results(_ drain: ScriptedDrain) -> [UnblockStep.Result] {
        drain.events.compactMap { if case .unblock(let step) = $0.fact { step.result } else { nil } }
    }

    private static func restarts(_ drain: ScriptedDrain) -> [Duration] {
        drain.times { if case .restartRollout(web, _) = $0.call { true } else { false } }
    }

    @Test("one replica behind minAvailable 1 leaves after its rollout was restarted, by flag or annotation")
    func leaves() {
        for drain in [Self.drain(.rolloutRestart), Self.drain(.off, annotation: "rollout-restart")] {
            #expect(drain.run() == .ended)
            #expect(drain.summary?.outcome == .completed && drain.elapsed < .seconds(30))
            #expect(Self.results(drain) == [.restarted])
            #expect(Self.restarts(drain).count == 1 && Self.restarts(drain).allSatisfy { $0 < .seconds(2) })
        }
    }

    @Test("asked by nobody, or declined by the owner, it waits for a person and says nothing of it")
    func waits() {
        for drain in [Self.drain(.off), Self.drain(.rolloutRestart, annotation: "off")] {
            #expect(drain.run() == .ended)
            #expect(drain.summary?.outcome == .timedOut)
            #expect(Self.results(drain).isEmpty && Self.restarts(drain).isEmpty)
            let projected = drain.events.compactMap { event -> Duration? in
                if case .overrunProjected(.never) = event.fact { event.at - Self.epoch } else { nil }
            }
            #expect(projected.count == 1 && projected.allSatisfy { $0 < .seconds(2) })
        }
    }
}
