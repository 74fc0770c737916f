import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Watches")
struct WatchingTests {
    @Test("a pod that is bound to the node appears there, and nowhere else")
    func binding() throws {
        var model = Scenario.web(.maxUnavailable(.int(1)))
        model.perform(.setUnschedulable(node: "node-a", true))
        var (onA, onB) = (model.revision, model.revision)
        _ = model.evict(model.pods()[0].metadata.name)
        model.advance(to: Scenario.start + .seconds(5))
        let first = try #require(try model.events(after: &onB, of: .pods(node: "node-b")).first)
        guard case .added(.pod(let pod)) = first else {
            Issue.record("\(first)")
            return
        }
        #expect(pod.spec.nodeName == "node-b")
        #expect(
            try model.events(after: &onA, of: .pods(node: "node-a")).allSatisfy {
                if case .added = $0 { false } else { true }
            })
        #expect(try model.events(after: &onA, of: .pods(node: "node-a")).isEmpty)
    }

    @Test("what the log has forgotten has expired")
    func expired() throws {
        var model = Scenario.barePod()
        var revision = 1
        model.perform(.compact)
        #expect(throws: APIStatus.expiredWatch) { try model.events(after: &revision, of: .pods(node: "node-a")) }
        guard
            case .status(let status) = model.handle(.watch(ListQuery(.pods, resourceVersion: "1")), at: model.now)
                .answer
        else {
            Issue.record("began")
            return
        }
        #expect(status == .expiredWatch)
    }

    @Test("the log is bounded, and keeps what it promises")
    func bounded() throws {
        var model = ClusterModel(seed: 1, at: Scenario.start, timing: .instant, watchLog: 10)
        model.addNode("node-a")
        for turn in 0..<100 { model.perform(.setUnschedulable(node: "node-a", turn % 2 == 0)) }
        #expect(model.history.count < 20)
        #expect(try model.changes(after: model.revision - 10, matching: ListQuery(.nodes)).count == 10)
    }

    @Test("a watch that names no version begins with what is there")
    func initial() {
        var model = Scenario.barePod()
        guard case .watching(let after, let initial) = model.handle(.watch(ListQuery(.pods)), at: model.now).answer
        else {
            Issue.record("refused")
            return
        }
        #expect(after == model.revision)
        #expect(initial.map(\.metadata.name) == ["bare"])
    }

    @Test("a watch of budgets tells every status there was, in order")
    func budgets() throws {
        var timing = Timing.instant
        timing.budgetSync = .after(.milliseconds(100))
        var model = Scenario.web(.maxUnavailable(.int(1)), timing: timing)
        model.addBudget("other", "lonely", .minAvailable(.int(0)), selecting: ["app": "x"])
        model.advance(to: model.now + .seconds(1))
        var (all, own, others) = (model.revision, model.revision, model.revision)
        _ = model.evict(model.pods()[0].metadata.name)
        model.advance(to: model.now + .seconds(10))
        let events = try model.events(after: &all, of: .budgets(namespace: nil))
        let seen = events.compactMap { event -> BudgetStatus? in
            if case .modified(.budget(let budget)) = event { budget.status } else { nil }
        }
        #expect(seen.count == events.count)
        #expect(seen.first?.disruptedPods.count == 1, "the eviction's own decrement comes first")
        #expect(seen.map(\.disruptionsAllowed).first == 0)
        #expect(seen.map(\.currentHealthy) == [3, 2, 3])
        #expect(seen.last?.disruptionsAllowed == 1)
        #expect(seen.last?.disruptedPods.isEmpty == true)
        #expect(try model.events(after: &own, of: .budgets(namespace: "demo")) == events)
        #expect(try model.events(after: &others, of: .budgets(namespace: "other")).isEmpty)
    }

    @Test("a watch of one node tells of that one")
    func node() throws {
        var model = Scenario.empty()
        var revision = model.revision
        model.perform(.setUnschedulable(node: "node-b", true))
        model.perform(.setUnschedulable(node: "node-a", true))
        model.perform(.deleteNode("node-a"))
        let events = try model.events(after: &revision, of: .node("node-a"))
        guard case .modified(.node(let node)) = events.first, case .deleted(.node) = events.last else {
            Issue.record("\(events)")
            return
        }
        #expect(events.count == 2)
        #expect(node.metadata.name == "node-a" && node.spec.unschedulable)
    }
}
