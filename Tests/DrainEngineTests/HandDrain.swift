import KubernetesAPI
import TestSupport
import Timestamps

@testable import DrainEngine

/// A `NodeDrain` that is led by the hand: every input, and its moment, is the test's.
struct HandDrain {
    static let epoch = ScriptedDrain.epoch

    private(set) var machine: NodeDrain
    private(set) var events: [DrainEvent.Fact] = []
    private(set) var summary: DrainSummary?
    private(set) var last = DrainStep()

    init(_ policy: DrainPolicy = DrainPolicy(node: "node-a"), deadline: Duration? = nil) {
        machine = NodeDrain(policy: policy, seed: 1)
        tell(
            .start(DrainStart(id: "d", trigger: .command, deadline: deadline.map { Self.epoch + $0 })), at: .zero)
    }

    mutating func tell(_ input: DrainInput, at offset: Duration) {
        last = machine.handle(input, at: Self.epoch + offset)
        events += last.events.map(\.fact)
        summary = last.summary ?? summary
    }

    mutating func answer(_ purpose: RequestPurpose, _ answer: Exchange.Answer, at offset: Duration) {
        let now = Self.epoch + offset
        tell(.answered(purpose, Exchange(answer: answer, sent: now, received: now)), at: offset)
    }

    static func node(unschedulable: Bool = false, version: String = "1") -> Exchange.Answer {
        .success(code: 200, .node(seen(unschedulable: unschedulable, version: version)))
    }

    static func seen(unschedulable: Bool, version: String) -> Node {
        Node(
            metadata: ObjectMeta(name: "node-a", resourceVersion: version),
            spec: NodeSpec(unschedulable: unschedulable),
            status: NodeStatus(bootID: "boot"))
    }

    /// The node is read and its pods are listed: the cordon is on its way.
    mutating func plan(_ pods: [Pod], at offset: Duration = .zero) {
        answer(.readNode, Self.node(), at: offset)
        answer(.plan, .success(code: 200, .pods(PodList(resourceVersion: "1", items: pods))), at: offset)
    }

    mutating func begin(_ pods: [Pod], at offset: Duration = .zero) {
        plan(pods, at: offset)
        answer(.cordon, Self.node(unschedulable: true, version: "2"), at: offset)
    }

    mutating func watchPods(_ event: WatchEvent<WatchedObject>, at offset: Duration) {
        tell(.watch(.pods(node: "node-a"), generation: 1, .event(event)), at: offset)
    }

    mutating func watchNode(unschedulable: Bool, version: String, at offset: Duration) {
        let event = WatchEvent<WatchedObject>.modified(.node(Self.seen(unschedulable: unschedulable, version: version)))
        tell(.watch(.node("node-a"), generation: 1, .event(event)), at: offset)
    }

    var asked: [RequestPurpose] { last.requests.map(\.purpose) }
}
