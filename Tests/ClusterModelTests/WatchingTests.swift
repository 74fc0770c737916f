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
        let first = try #require(try model.podEvents(after: &onB, node: "node-b").first)
        guard case .added(let pod) = first else {
            Issue.record("\(first)")
            return
        }
        #expect(pod.spec.nodeName == "node-b")
        #expect(
            try model.podEvents(after: &onA, node: "node-a").allSatisfy { if case .added = $0 { false } else { true } })
        #expect(try model.podEvents(after: &onA, node: "node-a").isEmpty)
    }

    @Test("what the log has forgotten has expired")
    func expired() throws {
        var model = Scenario.barePod()
        var revision = 1
        model.perform(.compact)
        #expect(throws: APIStatus.expiredWatch) { try model.podEvents(after: &revision, node: "node-a") }
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
}
