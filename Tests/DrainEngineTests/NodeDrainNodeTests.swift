import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("NodeDrain: the node while it is drained")
struct NodeDrainNodeTests {
    private static let epoch = ScriptedDrain.epoch

    private static func blocked(_ onUncordon: DrainPolicy.OnUncordon) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        policy.onUncordon = onUncordon
        let drain = ScriptedDrain([.stub("a")], policy: policy, deadline: .seconds(300))
        drain.script = { call, _ in if case .evict = call { .init(.webhook("w")) } else { nil } }
        return drain
    }

    private static func setUnschedulable(_ value: Bool, _ drain: ScriptedDrain) {
        var node = drain.cluster.node
        node.spec.unschedulable = value
        drain.put(node)
    }

    private static func cordons(_ drain: ScriptedDrain) -> [Duration] {
        drain.times { $0.call == .setUnschedulable(node: "node-a", true) }
    }

    private static func reads(_ drain: ScriptedDrain) -> [Duration] {
        drain.times { $0.call == .readNode("node-a") }
    }

    @Test("somebody makes it schedulable: the drain stops, and leaves the node to them")
    func stops() {
        let drain = Self.blocked(.stop)
        drain.at(.seconds(20)) { Self.setUnschedulable(false, $0) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .cancelled)
        #expect(drain.summary?.reason == "somebody made the node schedulable again (--on-uncordon)")
        #expect(drain.summary?.leftCordoned == false && drain.elapsed < .seconds(21))
        #expect(drain.events.contains { $0.fact == .uncordonedByOthers(recordons: false) })
        #expect(Self.cordons(drain).count == 1)
    }

    @Test("told to, it cordons again and goes on, at most once in five seconds")
    func recordons() {
        let drain = Self.blocked(.recordon)
        for second in [20, 21, 22] { drain.at(.seconds(second)) { Self.setUnschedulable(false, $0) } }
        drain.at(.seconds(60)) { $0.tell(.cancel(uncordon: false)) }
        #expect(drain.run() == .ended)
        let cordons = Self.cordons(drain).dropFirst()
        #expect(cordons.count == 2)
        #expect(zip(cordons, cordons.dropFirst()).allSatisfy { $1 - $0 >= .seconds(5) })
        #expect(drain.events.contains { $0.fact == .uncordonedByOthers(recordons: true) })
        #expect(drain.cluster.node.spec.unschedulable && drain.summary?.leftCordoned == true)
        #expect(drain.summary?.outcome == .cancelled && drain.summary?.reason == "cancelled")
        let seen = drain.events.compactMap { if case .nodeSeen(let it) = $0.fact { it } else { nil } }
        #expect(zip(seen, seen.dropFirst()).allSatisfy { $0 != $1 })
    }

    @Test("a cordon that is refused is tried again, and others may do it meanwhile")
    func recordonRefused() {
        let drain = Self.blocked(.recordon)
        let script = drain.script
        drain.script = { call, now in
            if call == .setUnschedulable(node: "node-a", true), now > Self.epoch + .seconds(10) {
                return .init(Status(code: 403, message: "no"))
            }
            return script(call, now)
        }
        drain.at(.seconds(20)) { Self.setUnschedulable(false, $0) }
        drain.at(.seconds(100)) { Self.setUnschedulable(true, $0) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut)
        #expect((4...20).contains(Self.cordons(drain).count))
        #expect(Self.cordons(drain).allSatisfy { $0 < .seconds(100) })
    }

    @Test("its heartbeats are no news, and it is read once only")
    func quiet() {
        let drain = Self.blocked(.stop)
        for second in stride(from: 10, to: 200, by: 10) {
            drain.at(.seconds(second)) { Self.setUnschedulable(true, $0) }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut && Self.reads(drain).count == 1)
        #expect(drain.events.count { if case .nodeSeen = $0.fact { true } else { false } } == 2)
    }

    @Test("where it may not be watched it is read every thirty seconds, and that is said once")
    func polled() {
        let drain = Self.blocked(.stop)
        drain.brokenWatch = { request, _ in
            guard case .node = request.topic else { return nil }
            return .ended(.error, detail: "forbidden", status: Status(code: 403))
        }
        drain.at(.seconds(100)) { $0.cluster.node.spec.unschedulable = false }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .cancelled && drain.elapsed < .seconds(135))
        #expect((5...10).contains(Self.reads(drain).count))
        let said = drain.events.count { if case .requestFailed(.watch, _, _) = $0.fact { true } else { false } }
        #expect(said == 1)
        // The pods' watch works all the while.
        #expect(!drain.events.contains { if case .pollingChanged = $0.fact { true } else { false } })
    }

    @Test("it is deleted: said once, and its pods are waited for")
    func deleted() {
        let drain = ScriptedDrain([.stub("a")])
        drain.termination = { _ in .seconds(60) }
        drain.at(.seconds(5)) { drain in
            let node = drain.cluster.node
            drain.tell(.watch(.node("node-a"), generation: 1, .event(.deleted(.node(node)))))
            drain.tell(.watch(.node("node-a"), generation: 1, .event(.deleted(.node(node)))))
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.elapsed > .seconds(60))
        #expect(drain.events.count { $0.fact == .nodeDeleted } == 1)
        let stuck = drain.events.compactMap { event -> StuckTermination? in
            if case .stuck(_, let stuck?) = event.fact { stuck } else { nil }
        }
        #expect(stuck.map(\.reason) == [.nodeNotReady])
        #expect(stuck.map(\.detail) == ["the node is no longer in the cluster"])
    }

    @Test("a signal of an old watch on it says nothing")
    func stale() {
        let drain = Self.blocked(.stop)
        drain.at(.seconds(5)) { drain in
            var node = drain.cluster.node
            node.spec.unschedulable = false
            drain.tell(.watch(.node("node-a"), generation: 7, .event(.modified(.node(node)))))
            drain.tell(.watch(.node("node-b"), generation: 7, .event(.modified(.node(node)))))
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut)
    }
}
