import ClusterModel
import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("NodeDrain: turns")
struct NodeDrainTurnTests {
    private static let epoch = ScriptedDrain.epoch
    private static let namespace = "kube-system"

    /// Where the Leases are.
    private final class Leases {
        var model = ClusterModel(seed: 3, at: NodeDrainTurnTests.epoch, timing: .instant)
        var isAway = false

        init() { for node in ["node-a", "node-b"] { model.addNode(node) } }

        func hold(_ name: String, by holder: String, at now: Timestamp) {
            let all = self.all(at: now)
            let spec = Lease.Spec(holderIdentity: holder, leaseDurationSeconds: 60)
            if var lease = all.first(where: { $0.metadata.name == name }) {
                lease.spec = spec
                _ = model.exchange(.replaceLease(lease), at: now)
            } else {
                let metadata = ObjectMeta(name: name, namespace: NodeDrainTurnTests.namespace)
                _ = model.exchange(.createLease(Lease(metadata: metadata, spec: spec)), at: now)
            }
        }

        func all(at now: Timestamp) -> [Lease] {
            let answer = model.exchange(.listLeases(namespace: NodeDrainTurnTests.namespace), at: now).answer
            guard case .success(_, .leases(let leases)) = answer else { return [] }
            return leases
        }

        func holders(at now: Timestamp) -> [String: String] {
            Dictionary(uniqueKeysWithValues: all(at: now).map { ($0.metadata.name, $0.spec.holderIdentity) })
        }
    }

    private static func drain(
        _ pods: [Pod], _ leases: Leases, deadline: Duration? = .seconds(3600),
        _ change: (inout DrainPolicy) -> Void = { _ in }
    ) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        policy.fleet = DrainPolicy.Fleet(parallel: 1, namespace: namespace, ttl: .seconds(60))
        change(&policy)
        let drain = ScriptedDrain(pods, policy: policy, deadline: deadline)
        drain.script = { call, now in
            switch call {
            case .readNode("node-b"), .listLeases, .createLease, .replaceLease, .deleteLease:
                leases.isAway
                    ? .init(.failure(TransportFailure(.connect, "away")))
                    : .init(leases.model.exchange(call, at: now).answer)
            default: nil
            }
        }
        return drain
    }

    private static func turns(_ drain: ScriptedDrain) -> [FleetTurn.Standing] {
        drain.events.compactMap { if case .turn(let standing) = $0.fact { standing } else { nil } }
    }

    @Test("a free turn is taken before the pods are listed, and kept when the drain is done")
    func free() throws {
        let leases = Leases()
        let drain = Self.drain([.stub("a")], leases)
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        #expect(Self.turns(drain) == [.held(lease: "drain-agent-0")])
        #expect(drain.states == [.cordoning, .draining, .completed])
        let calls = drain.sent.map(\.request.call.operation)
        let list = try #require(calls.firstIndex(of: .list))
        #expect(calls[..<list].contains(.lease))
        #expect(leases.holders(at: drain.now) == ["drain-agent-0": "node-a"])
    }

    @Test("while another node has its turn it waits, touches nothing, and looks at the node again after")
    func waits() throws {
        let leases = Leases()
        leases.hold("drain-agent-0", by: "node-b", at: Self.epoch)
        let drain = Self.drain([.stub("a")], leases) { $0.startupTimeout = .seconds(5) }
        drain.at(.seconds(10)) { drain in
            // A person cordons it meanwhile: it is not ours to undo.
            drain.cluster.node.spec.unschedulable = true
        }
        drain.at(.seconds(20)) { leases.hold("drain-agent-0", by: "", at: $0.now) }
        #expect(drain.run() == .ended)
        #expect(drain.states == [.cordoning, .waiting, .cordoning, .draining, .completed])
        #expect(
            Self.turns(drain) == [.waiting(place: 0, holders: ["node-b"]), .held(lease: "drain-agent-0")])
        let first = try #require(drain.evictions(of: "a").first)
        #expect(first > .seconds(20) && first < .seconds(30))
        #expect(drain.summary?.leftCordoned == false)
        #expect(
            drain.times { if case .listPods = $0.call { true } else { false } }.first.map { $0 > .seconds(20) } == true)
    }

    @Test("the deadline and a cancel end the waiting, and the place in the line is given up", arguments: [true, false])
    func ends(byDeadline: Bool) {
        let leases = Leases()
        leases.hold("drain-agent-0", by: "node-b", at: Self.epoch)
        let drain = Self.drain([.stub("a")], leases, deadline: .seconds(byDeadline ? 30 : 3600))
        drain.at(.seconds(29)) { if !byDeadline { $0.tell(.cancel(uncordon: false)) } }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == (byDeadline ? .timedOut : .cancelled))
        if byDeadline {
            #expect(
                drain.summary?.reason
                    == "the deadline passed before the node's turn came (0 before it; node-b had its turn)")
        }
        #expect(leases.holders(at: drain.now) == ["drain-agent-0": "node-b"])
        #expect(!drain.cluster.node.spec.unschedulable)
    }

    @Test("a drain that ends with the node schedulable gives the turn back", arguments: ["uncordon", "refused"])
    func givesBack(how: String) {
        let leases = Leases()
        let pod: Pod = how == "refused" ? .stub("a", owner: nil) : .stub("a")
        let drain = Self.drain([pod], leases) { $0.refusals.unmanaged = how == "refused" }
        drain.termination = { _ in nil }
        drain.at(.seconds(29)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == (how == "refused" ? .failed : .cancelled))
        #expect(leases.holders(at: drain.now) == ["drain-agent-0": ""])
    }

    @Test("the turn is lost in mid-drain: no new evictions until it is had again")
    func lost() throws {
        let leases = Leases()
        let drain = Self.drain([.stub("a"), .stub("b"), .stub("c")], leases) { $0.maxTerminating = 1 }
        drain.termination = { _ in .seconds(30) }
        drain.at(.seconds(20)) { leases.hold("drain-agent-0", by: "node-b", at: $0.now) }
        drain.at(.seconds(100)) { leases.hold("drain-agent-0", by: "", at: $0.now) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        #expect(
            Self.turns(drain) == [
                .held(lease: "drain-agent-0"), .lost(reason: "node-b has it"), .held(lease: "drain-agent-0"),
            ])
        let evictions = ["a", "b", "c"].flatMap(drain.evictions)
        #expect(evictions.count == 3)
        #expect(!evictions.contains { $0 > .seconds(45) && $0 < .seconds(100) })
    }

    @Test("leases that are forbidden end it before anything is touched")
    func forbidden() throws {
        let leases = Leases()
        leases.model.access.denied = [AccessAttributes("create", .leases)]
        let drain = Self.drain([.stub("a")], leases)
        #expect(drain.run() == .ended)
        let summary = try #require(drain.summary)
        #expect(summary.outcome == .failed)
        #expect(summary.reason.contains("leases.coordination.k8s.io in namespace kube-system"))
        #expect(!drain.cluster.node.spec.unschedulable && drain.evictions(of: "a").isEmpty)
    }

    @Test("a dry run and a survey take no turn", arguments: [true, false])
    func dry(isDry: Bool) {
        let leases = Leases()
        leases.hold("drain-agent-0", by: "node-b", at: Self.epoch)
        let drain = Self.drain([], leases) { policy in
            if isDry { policy.dryRun = .client } else { policy.surveysOnly = true }
        }
        #expect(drain.run(limit: .seconds(60)) == .ended)
        #expect(Self.turns(drain).isEmpty)
    }

    @Test("an API server that is away while it waits is waited for")
    func away() {
        let leases = Leases()
        leases.isAway = true
        let drain = Self.drain([.stub("a")], leases)
        drain.at(.seconds(60)) { _ in leases.isAway = false }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        let failures = drain.events.filter { if case .requestFailed(.lease, _, _) = $0.fact { true } else { false } }
        #expect((5...40).contains(failures.count))
    }

    @Test("at the deadline nothing is deleted without the node's turn")
    func deletesNothingWithoutTurn() {
        let leases = Leases()
        let drain = Self.drain([.stub("a")], leases, deadline: .seconds(100)) { $0.atDeadline = .delete }
        let script = drain.script
        drain.script = { call, now in
            if case .evict = call { return .init(.budget("web")) }
            return script(call, now)
        }
        drain.at(.seconds(30)) { leases.hold("drain-agent-0", by: "node-b", at: $0.now) }
        for second in stride(from: 40, to: 100, by: 10) {
            drain.at(.seconds(second)) { leases.hold("drain-agent-0", by: "node-b", at: $0.now) }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut)
        #expect(drain.times { if case .deletePod = $0.call { true } else { false } }.isEmpty)
    }
}
