import ClusterModel
import KubernetesAPI
import SimulatedCluster
import Testing
import Timestamps

@Suite("Demo scenario")
struct DemoScenarioTests {
    private static let start = Timestamp(seconds: 1_800_000_000)

    /// Drains as kubectl does: every pod again five seconds after a refusal. How long it took; `nil`: not within five
    /// minutes.
    private static func drain(_ model: inout ClusterModel) -> Duration? {
        let begin = model.now
        _ = model.exchange(.setUnschedulable(node: DemoScenario.node, true), at: begin)
        for second in 0..<300 {
            let now = begin + .seconds(second)
            let left = targets(&model, at: now)
            if left.isEmpty { return .seconds(second) }
            guard second % 5 == 0 else { continue }
            for pod in left where !pod.isTerminating {
                _ = model.exchange(.evict(pod.identity, DeleteOptions()), at: now)
            }
        }
        return nil
    }

    private static func targets(_ model: inout ClusterModel, at now: Timestamp) -> [Pod] {
        let list = model.exchange(.listPods(node: DemoScenario.node, .consistent(chunkSize: 0)), at: now)
        guard case .success(_, .pods(let pods)) = list.answer else { return [] }
        return pods.items.filter { !$0.isMirror && $0.metadata.controller?.name != "node-exporter" }
    }

    @Test("the drain of the demo ends in twenty to forty seconds, whatever the seed", arguments: 1...20)
    func ends(_ seed: UInt64) throws {
        var model = DemoScenario().model(seed: seed, at: Self.start)
        #expect(Self.targets(&model, at: model.now).count == 16)
        let duration = try #require(Self.drain(&model))
        #expect((.seconds(20)...(.seconds(40))).contains(duration))
    }

    @Test("without somebody who mends the budget of payments, the drain does not end")
    func blocked() {
        var model = DemoScenario().model(at: Self.start)
        let denial = Fault(.unavailable, on: .requests(AccessAttributes("patch", .budgets)))
        model.faults.add(denial)
        model.schedule(
            .patchBudget(namespace: "shop", name: "payments", BudgetPatch(limit: .minAvailable(.int(1)))),
            after: .milliseconds(15_001), cordonOf: DemoScenario.node)
        #expect(Self.drain(&model) == nil)
        #expect(Self.targets(&model, at: model.now).map(\.metadata.labels["app"]) == ["payments"])
    }

    @Test("the same seed gives the same drain")
    func determinism() {
        var (one, two) = (DemoScenario().model(seed: 5, at: Self.start), DemoScenario().model(seed: 5, at: Self.start))
        _ = Self.drain(&one)
        _ = Self.drain(&two)
        #expect(one == two)
    }

    @Test("nothing is lost: every deployment is complete again, elsewhere")
    func complete() {
        var model = DemoScenario().model(at: Self.start)
        _ = Self.drain(&model)
        model.advance(to: model.now + .seconds(10))
        guard case .list(let list) = model.handle(.list(ListQuery(.deployments)), at: model.now).answer else {
            Issue.record("no list")
            return
        }
        #expect(list.items.count == 7)
        for case .workload(let view) in list.items { #expect(view.ready == view.replicas, "\(view.metadata.name)") }
    }
}
