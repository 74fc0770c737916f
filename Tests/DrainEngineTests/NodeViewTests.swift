import KubernetesAPI
import Testing

@testable import DrainEngine

@Suite("NodeView: what is known of the node")
struct NodeViewTests {
    private var view = NodeView()

    private static func node(_ version: String, unschedulable: Bool) -> Node {
        Node(
            metadata: ObjectMeta(name: "node-a", resourceVersion: version),
            spec: NodeSpec(unschedulable: unschedulable))
    }

    @Test("its cordon is told when it changes")
    mutating func changes() {
        let changes = [("1", false), ("2", true), ("3", true), ("4", false)].map {
            view.seen(Self.node($0.0, unschedulable: $0.1))
        }
        #expect(changes == [nil, .cordoned, nil, .uncordoned])
        #expect(view.resourceVersion == "4")
    }

    @Test("a watch that lags behind an answer changes nothing")
    mutating func stale() {
        _ = view.seen(Self.node("20", unschedulable: true))
        let change = view.seen(Self.node("9", unschedulable: false))
        #expect(change == nil && view.isUnschedulable && view.resourceVersion == "20")
    }

    @Test("it is deleted once, and back when it is seen again")
    mutating func deleted() {
        #expect(view.wasDeleted() == .deleted)
        #expect(view.wasDeleted() == nil && view.notReady != nil)
        _ = view.seen(Self.node("5", unschedulable: false))
        #expect(!view.isDeleted && view.notReady == nil)
        #expect(view.wasDeleted() == .deleted)
    }
}
