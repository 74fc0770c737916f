import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("NodeDrain behind budgets")
struct BudgetDrainTests {
    private static func pods(_ count: Int, app: String = "web", namespace: String = "demo") -> [Pod] {
        (0..<count).map { number in
            .stub("\(app)-\(number)", namespace: namespace, labels: ["app": app]).ready()
        }
    }

    private static func evictions(_ drain: ScriptedDrain) -> Int {
        drain.times { if case .evict = $0.call { true } else { false } }.count
    }

    private static func judgements(_ drain: ScriptedDrain) -> [Judgement] {
        drain.events.compactMap { if case .judged(let judgement) = $0.fact { judgement } else { nil } }
    }

    @Test("twenty pods behind maxUnavailable 1 leave as fast as the budget allows, at two requests a pod at most")
    func goesAsAllowed() {
        let guarded = GuardedNode(Self.pods(20), budget: .stub(of: 20))
        guarded.drain.termination = { _ in .milliseconds(500) }
        #expect(guarded.drain.run() == .ended)
        #expect(guarded.drain.summary?.evicted == 20)
        #expect(guarded.drain.elapsed < .milliseconds(20 * 1000 + 1000))
        #expect(Self.evictions(guarded.drain) <= 40)
        for number in 0..<20 { #expect(guarded.drain.evictions(of: "web-\(number)").count <= 2) }
    }

    @Test("siblings of a refused pod wait without being asked for")
    func siblings() {
        var policy = DrainPolicy(node: "node-a")
        policy.concurrency = 5
        let guarded = GuardedNode(
            Self.pods(50), budget: .stub(maxUnavailable: 0, of: 50), policy: policy, deadline: .seconds(20))
        guarded.drain.run()
        #expect(guarded.drain.machine.drain.counts[.blocked] == 50)
        #expect(Self.evictions(guarded.drain) <= 15)
        #expect(guarded.drain.moves.contains { $0.from == .queued && $0.to == .blocked && $0.attempts == 0 })
    }

    @Test("when it allows three, three are tried at once, and no more")
    func triesAsManyAsAllowed() {
        let guarded = GuardedNode(
            Self.pods(10), budget: .stub(maxUnavailable: 0, of: 10), recovery: nil, deadline: .seconds(25))
        guarded.drain.at(.seconds(10)) { _ in guarded.change { $0.status.disruptionsAllowed = 3 } }
        guarded.drain.run()
        let late = guarded.drain.times { if case .evict = $0.call { true } else { false } }.filter {
            $0 >= .seconds(10)
        }
        #expect(late.count == 3)
        #expect(late.allSatisfy { $0 < .milliseconds(10_100) })
        #expect(guarded.drain.summary?.evicted == 3)
    }

    @Test("a budget that is deleted, or selects others now, holds nobody up", arguments: [true, false])
    func noLongerGuards(deleted: Bool) {
        let guarded = GuardedNode(Self.pods(10), budget: .stub(maxUnavailable: 0, of: 10))
        guarded.drain.at(.seconds(10)) { drain in
            guard deleted else {
                return guarded.change {
                    $0.spec.selector = LabelSelector([.isIn(key: "app", values: ["other"])])
                    $0.metadata.generation = 2
                    $0.status.observedGeneration = 2
                }
            }
            if let budget = guarded.budget { drain.remove(budget) }
        }
        #expect(guarded.drain.run() == .ended)
        #expect(guarded.drain.summary?.outcome == .completed)
        #expect(guarded.drain.elapsed < .seconds(20))
    }

    @Test(
        "one probe each 30 s where the budget is watched, each 5 s where nobody may watch it", arguments: [true, false])
    func probes(watched: Bool) {
        let guarded = GuardedNode(
            Self.pods(4), budget: .stub(maxUnavailable: 0, of: 4), policy: DrainPolicy(node: "node-a"),
            deadline: .seconds(100))
        let script = guarded.drain.script
        guarded.drain.script = { call, now in
            if case .listBudgets = call, !watched { return .init(.forbidden) }
            return script(call, now)
        }
        guarded.drain.run()
        let later = guarded.drain.times { if case .evict = $0.call { true } else { false } }.filter { $0 > .seconds(1) }
        let interval: Duration = watched ? .seconds(30) : .seconds(5)
        #expect(zip(later, later.dropFirst()).allSatisfy { $1 - $0 >= interval - .milliseconds(100) })
        #expect(later.count == (watched ? 3 : 19))
        let changes = guarded.drain.events.compactMap { event -> Bool? in
            if case .budgetWatchChanged(_, let isLive, _) = event.fact { isLive } else { nil }
        }
        #expect(changes == (watched ? [] : [false]))
    }

    @Test("a probe that is accepted sends the next one at once")
    func probesChain() {
        let guarded = GuardedNode(
            Self.pods(6), budget: .stub(maxUnavailable: 0, of: 6), recovery: .milliseconds(1))
        let script = guarded.drain.script
        var isOpen = false
        guarded.drain.script = { call, now in
            if case .listBudgets = call { return .init(.forbidden) }
            if case .evict = call, isOpen { return nil }
            return script(call, now)
        }
        guarded.drain.at(.seconds(11)) { _ in isOpen = true }
        #expect(guarded.drain.run() == .ended)
        #expect(guarded.drain.elapsed < .seconds(20))
    }

    @Test("where nobody can read the budget, each pod is asked for in its turn: one of them may go")
    func probesTakeTurns() {
        let guarded = GuardedNode(
            Self.pods(3), budget: .stub(maxUnavailable: 0, of: 3), recovery: nil, deadline: .seconds(40))
        let script = guarded.drain.script
        guarded.drain.script = { call, now in
            if case .listBudgets = call { return .init(.forbidden) }
            if case .evict(let pod, _) = call, pod.name == "web-2", now > ScriptedDrain.epoch + .seconds(3) {
                return nil
            }
            return script(call, now)
        }
        guarded.drain.run()
        #expect(guarded.drain.summary?.evicted == 1)
    }

    @Test(
        "what is allowed passes on when the pod that was let try has gone by itself, or its namespace goes",
        arguments: [true, false])
    func passesOn(isGone: Bool) {
        let guarded = GuardedNode(
            Self.pods(3), budget: .stub(maxUnavailable: 0, of: 3), recovery: nil, deadline: .seconds(25))
        let script = guarded.drain.script
        var gone: Set<String> = []
        guarded.drain.script = { call, now in
            if case .evict(let pod, _) = call, gone.contains(pod.name) {
                return .init(isGone ? .noSuchPod(pod) : .namespaceTerminating)
            }
            return script(call, now)
        }
        guarded.drain.at(.seconds(10)) { _ in
            gone = ["web-0"]
            guarded.change { $0.status.disruptionsAllowed = 1 }
        }
        guarded.drain.run()
        #expect(guarded.drain.evictions(of: "web-1").contains { $0 >= .seconds(10) })
        #expect(guarded.drain.summary?.evicted == 1 && guarded.drain.summary?.vanished == (isGone ? 1 : 0))
    }

    @Test("pods that are not ready are asked for although their siblings wait, where the budget is content")
    func unready() {
        var pods = Self.pods(6)
        pods[5] = .stub("web-5", labels: ["app": "web"])
        let guarded = GuardedNode(pods, budget: .stub(maxUnavailable: 0, of: 5), deadline: .seconds(20))
        guarded.drain.run()
        #expect(guarded.drain.summary?.evicted == 1)
        #expect(guarded.drain.phases("web-5").last == .gone)
    }

    @Test("nine namespaces with blocked pods are one watch for all")
    func manyNamespaces() {
        let pods = (0..<9).flatMap { Self.pods(1, app: "web\($0)", namespace: "ns-\($0)") }
        let drain = ScriptedDrain(pods, deadline: .seconds(20))
        for number in 0..<9 {
            drain.cluster.put(.stub(namespace: "ns-\(number)", maxUnavailable: 0, of: 1), at: ScriptedDrain.epoch)
        }
        drain.script = { call, _ in if case .evict = call { .init(.budget("web")) } else { nil } }
        drain.run(limit: .seconds(5))
        let topics = Set(drain.machine.wantedWatches.map(\.request.topic))
        #expect(topics.contains(.budgets(namespace: nil)))
        #expect(!topics.contains(.budgets(namespace: "ns-0")))
    }

    @Test("a budget that can never allow is said so at once, with the number to change")
    func unsatisfiable() throws {
        let guarded = GuardedNode(Self.pods(2), budget: .stub(maxUnavailable: 0, of: 2), deadline: .seconds(20))
        guarded.drain.run()
        let last = try #require(Self.judgements(guarded.drain).last)
        #expect(last.verdict == .unsatisfiable)
        #expect(last.advice.contains("set maxUnavailable to 1 or more"))
        let told = guarded.drain.events.first {
            if case .judged(let judgement) = $0.fact { judgement.verdict == .unsatisfiable } else { false }
        }
        #expect(try #require(told).at < ScriptedDrain.epoch + .seconds(2))
    }

    @Test("an integer minAvailable is measured against the owners: a failed pod beside them does not count")
    func failedPodBeside() throws {
        var failed = Pod.stub("web-old", node: "node-b", labels: ["app": "web"], phase: "Failed")
        failed.status.conditions = []
        var budget = Budget.stub(of: 2)
        budget.spec.maxUnavailable = nil
        budget.spec.minAvailable = .int(1)
        budget.status = BudgetStatus(
            observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1, expectedPods: 2)
        let guarded = GuardedNode(Self.pods(1), budget: budget, deadline: .seconds(20))
        guarded.drain.cluster.put(failed, at: ScriptedDrain.epoch)
        let replicaSet = Workload.Key(kind: .replicaSet, namespace: "demo", name: "web")
        guarded.drain.cluster.workloads[replicaSet] = Workload(
            metadata: ObjectMeta(
                name: "web", namespace: "demo",
                ownerReferences: [OwnerReference(apiVersion: "apps/v1", kind: "Deployment", name: "web")]),
            spec: Workload.Spec(replicas: 1))
        let deployment = Workload.Key(kind: .deployment, namespace: "demo", name: "web")
        guarded.drain.cluster.workloads[deployment] = Workload(
            metadata: ObjectMeta(name: "web", namespace: "demo"), spec: Workload.Spec(replicas: 1))
        guarded.drain.run()
        let last = try #require(Self.judgements(guarded.drain).last)
        #expect(last.verdict == .unsatisfiable)
        #expect(last.advice.contains("Deployment demo/web keeps 1: scale it to 2 or more, or set minAvailable to 0"))
    }

    @Test("several budgets on one pod are misconfigured, named, and waited for until only one is left")
    func several() throws {
        let drain = ScriptedDrain(Self.pods(1))
        drain.cluster.put(.stub("a", of: 1, app: "web"), at: ScriptedDrain.epoch)
        drain.cluster.put(.stub("b", of: 1, app: "web"), at: ScriptedDrain.epoch)
        drain.script = { [unowned drain] call, _ in
            if case .evict = call, drain.cluster.budgets.count > 1 { .init(.severalBudgets) } else { nil }
        }
        drain.at(.seconds(10)) { drain in drain.remove(.stub("b", of: 1)) }
        #expect(drain.run() == .ended)
        let judgements = Self.judgements(drain)
        #expect(judgements.last?.verdict == .misconfigured)
        #expect(judgements.contains { $0.advice.contains("PodDisruptionBudgets a, b of namespace demo") })
        #expect(drain.elapsed < .seconds(15))
        #expect(drain.evictions(of: "web-0").count == 2)
    }

    @Test("what other budgets do puts no probe off")
    func probesAmongEvents() {
        let guarded = GuardedNode(
            Self.pods(2), budget: .stub(maxUnavailable: 0, of: 2), deadline: .seconds(100))
        guarded.drain.cluster.put(.stub("other", of: 3), at: ScriptedDrain.epoch)
        for second in stride(from: 5, to: 100, by: 5) {
            guarded.drain.at(.seconds(second)) { $0.put(.stub("other", of: second)) }
        }
        guarded.drain.run()
        let later = guarded.drain.times { if case .evict = $0.call { true } else { false } }.filter { $0 > .seconds(1) }
        #expect(later.count == 3)
    }

    @Test("with one watch for all, a namespace that is blocked only later is judged like the first ones")
    func manyNamespacesJudged() {
        let pods = (0..<30).flatMap { Self.pods(1, app: "web\($0)", namespace: "ns-\($0)") }
        let drain = ScriptedDrain(pods, deadline: .seconds(20))
        for number in 0..<30 {
            drain.cluster.put(
                .stub(namespace: "ns-\(number)", maxUnavailable: 0, of: 1, app: "web\(number)"), at: ScriptedDrain.epoch
            )
        }
        drain.script = { call, _ in if case .evict = call { .init(.budget("web")) } else { nil } }
        drain.run(limit: .seconds(5))
        let judged = Self.judgements(drain).filter { $0.verdict == .unsatisfiable }.map(\.blocker)
        #expect(Set(judged).count == 30)
    }

    @Test("a pod that cannot be answered for does not keep what its budget allows from its siblings")
    func failingSibling() {
        let guarded = GuardedNode(Self.pods(6), budget: .stub(of: 6), deadline: .seconds(120))
        let script = guarded.drain.script
        guarded.drain.script = { call, now in
            // A webhook of just this pod is down.
            if case .evict(let pod, _) = call, pod.name == "web-1", now > ScriptedDrain.epoch + .milliseconds(100) {
                return .init(.serverError)
            }
            return script(call, now)
        }
        guarded.drain.run()
        #expect(guarded.drain.summary?.remaining.map(\.pod.name) == ["web-1"])
    }

    private static func owned(_ replicas: Int, minAvailable: Int, expected: Int) -> GuardedNode {
        var budget = Budget.stub(of: replicas)
        budget.spec.maxUnavailable = nil
        budget.spec.minAvailable = .int(minAvailable)
        budget.status = BudgetStatus(
            observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: minAvailable, desiredHealthy: minAvailable,
            expectedPods: expected)
        let guarded = GuardedNode(pods(replicas), budget: budget, deadline: .seconds(100))
        guarded.drain.cluster.workloads[Workload.Key(kind: .replicaSet, namespace: "demo", name: "web")] = Workload(
            metadata: ObjectMeta(name: "web", namespace: "demo"), spec: Workload.Spec(replicas: replicas))
        return guarded
    }

    @Test("what can never be allowed stays so while its pods are counted anew")
    func steadyVerdict() {
        let guarded = Self.owned(1, minAvailable: 1, expected: 1)
        for second in 1..<10 {
            guarded.drain.at(.seconds(second)) { _ in guarded.change { $0.status.expectedPods = 1 + second % 2 } }
        }
        guarded.drain.run(limit: .seconds(20))
        #expect(Set(Self.judgements(guarded.drain).drop { $0.verdict == .waiting }.map(\.verdict)) == [.unsatisfiable])
    }

    @Test("an owner that is scaled while it is being read is read again")
    func scaledMeanwhile() {
        let guarded = Self.owned(1, minAvailable: 1, expected: 1)
        let replicaSet = Workload.Key(kind: .replicaSet, namespace: "demo", name: "web")
        let script = guarded.drain.script
        var reads = 0
        guarded.drain.script = { [unowned drain = guarded.drain] call, now in
            guard case .readWorkload = call else { return script(call, now) }
            reads += 1
            guard reads == 1 else { return nil }
            let old = drain.reply(to: call).answer
            drain.at(drain.elapsed + .milliseconds(20)) { drain in
                drain.cluster.workloads[replicaSet]?.spec.replicas = 2
                guarded.change { $0.status.expectedPods = 2 }
            }
            return .init(old, after: .milliseconds(500))
        }
        guarded.drain.run(limit: .seconds(20))
        #expect(reads == 2)
        #expect(Self.judgements(guarded.drain).last?.verdict == .waiting)
    }

    @Test("who a budget's owners are is asked again when the answer did not come", arguments: [true, false])
    func reviewedAgain(listFails: Bool) {
        let guarded = Self.owned(1, minAvailable: 1, expected: 2)
        let script = guarded.drain.script
        var failures = 0
        guarded.drain.script = { call, now in
            switch call {
            case .listSelectedPods where listFails && failures == 0, .readWorkload where !listFails && failures == 0:
                failures += 1
                return .init(.serverError)
            default: return script(call, now)
            }
        }
        guarded.drain.run(limit: .seconds(60))
        #expect(failures == 1)
        #expect(Self.judgements(guarded.drain).last?.verdict == .unsatisfiable)
    }

    @Test("a replacement that is on its way is no reason to despair, though nobody tells how many its owner wants")
    func unknownOwner() {
        var budget = Budget.stub(of: 3)
        budget.spec.maxUnavailable = nil
        budget.spec.minAvailable = .int(2)
        let owner = OwnerReference(apiVersion: "db.example/v1", kind: "Cluster", name: "db")
        let pods = (0..<3).map { Pod.stub("db-\($0)", owner: owner, labels: ["app": "web"]).ready() }
        let guarded = GuardedNode(pods, budget: budget, recovery: nil, deadline: .seconds(60))
        // One is gone, and its successor not there yet.
        guarded.drain.at(.seconds(3)) { _ in
            guarded.change {
                $0.status.currentHealthy = 2
                $0.status.desiredHealthy = 2
                $0.status.expectedPods = 2
                $0.status.disruptionsAllowed = 0
            }
        }
        guarded.drain.run(limit: .milliseconds(3500))
        #expect(Self.judgements(guarded.drain).allSatisfy { $0.verdict == .waiting })
    }
}
