import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("NodeDrain: the record on the node")
struct NodeDrainRecordTests {
    private static let epoch = ScriptedDrain.epoch
    private static let agent = "pod/agent-uid"

    private static func drain(
        _ pods: [Pod], unschedulable: Bool = false, record: DrainRecord? = nil, resumes: Bool = false,
        deadline: Duration? = .seconds(3600), _ change: (inout DrainPolicy) -> Void = { _ in }
    ) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        policy.recordedAs = agent
        policy.recordedOptions = #"{"timeout":"1h"}"#
        change(&policy)
        var cluster = ScriptedCluster(node: "node-a", pods: pods, unschedulable: unschedulable)
        cluster.node.status.bootID = "boot-1"
        if let record { cluster.node.metadata.annotations[DrainRecord.annotation] = record.text }
        var start = DrainStart(id: "drain-1", trigger: .http, deadline: deadline.map { epoch + $0 })
        if resumes { start.resumes = record }
        return ScriptedDrain(policy, cluster: cluster, start: start)
    }

    private static func record(_ drain: ScriptedDrain) throws -> DrainRecord? {
        try DrainRecord(on: drain.cluster.node)
    }

    private static func patches(_ drain: ScriptedDrain) -> [NodePatch] {
        drain.sent.compactMap { if case .patchNode(_, let patch, _) = $0.request.call { patch } else { nil } }
    }

    private static let begun = DrainRecord(
        agent: agent, id: "drain-1", trigger: .http, started: epoch - .seconds(100), deadline: epoch + .seconds(3600),
        options: #"{"timeout":"1h"}"#, bootID: "boot-1", cordoned: true, total: 5)

    @Test("one patch cordons and records; one more writes the outcome, and the mark stays")
    func recorded() throws {
        let drain = Self.drain([.stub("a"), .stub("b")])
        drain.at(.seconds(1)) { drain in
            let record = try? Self.record(drain)
            #expect(record?.outcome == nil && record?.id == "drain-1" && record?.agent == Self.agent)
            #expect(record?.cordoned == true && record?.total == 2 && record?.bootID == "boot-1")
            #expect(record?.options == #"{"timeout":"1h"}"# && record?.started == Self.epoch)
            #expect(record?.deadline == Self.epoch + .seconds(3600) && record?.trigger == .http)
        }
        #expect(drain.run() == .ended)
        let patches = Self.patches(drain)
        #expect(patches.count == 2)
        #expect(patches.first?.unschedulable == true && patches.first?.annotations.count == 1)
        #expect(patches.last?.unschedulable == nil)
        let record = try #require(try Self.record(drain))
        #expect(record.outcome == .completed && record.cordoned)
        // It is written before the drain concludes.
        guard case .ended? = drain.events.last?.fact else {
            Issue.record("\(String(describing: drain.events.last))")
            return
        }
    }

    @Test("a node that was cordoned before: the annotation alone, and the cordon is not ours")
    func cordonedBefore() throws {
        let drain = Self.drain([.stub("a")], unschedulable: true)
        drain.termination = { _ in nil }
        drain.at(.seconds(5)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(Self.patches(drain).map(\.unschedulable) == [nil, nil])
        let record = try #require(try Self.record(drain))
        #expect(record.outcome == .cancelled && !record.cordoned && record.reason == "cancelled")
        #expect(drain.cluster.node.spec.unschedulable && drain.summary?.leftCordoned == false)
    }

    @Test("uncordoned at the end: the outcome and the end of the mark go with it, in one patch")
    func uncordoned() throws {
        let drain = Self.drain([.stub("a")])
        drain.termination = { _ in nil }
        drain.at(.seconds(5)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(Self.patches(drain).map(\.unschedulable) == [true, false])
        let record = try #require(try Self.record(drain))
        #expect(record.outcome == .cancelled && !record.cordoned)
    }

    @Test("without a name of ours, or in a dry run, nothing is recorded", arguments: [true, false])
    func unrecorded(isDry: Bool) throws {
        let drain = Self.drain([.stub("a")]) { policy in
            if isDry { policy.dryRun = .server } else { policy.recordedAs = nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        #expect(Self.patches(drain).allSatisfy { $0.annotations.isEmpty } && Self.patches(drain).count == 1)
    }

    @Test("a record that cannot be written at the end: said, and no reason to wait longer than for answers")
    func unwritable() {
        let drain = Self.drain([.stub("a")]) { $0.settleTimeout = .seconds(1) }
        drain.script = { call, _ in
            guard case .patchNode(_, let patch, _) = call, patch.unschedulable == nil else { return nil }
            return .init(Status(code: 500, message: "no disk"))
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        let said = drain.events.contains {
            if case .requestFailed(.write, "the outcome is not on the node: no answer in time", _) = $0.fact {
                true
            } else {
                false
            }
        }
        #expect(said)
    }

    @Test("resumed: same id and start, the cordon is ours, what is on its way is not asked for again")
    func resumed() throws {
        let pods: [Pod] = [.stub("a"), .stub("b", deletion: Self.epoch + .seconds(20))]
        let drain = Self.drain(pods, unschedulable: true, record: Self.begun, resumes: true)
        drain.at(.seconds(10)) { $0.remove("b-uid") }
        #expect(drain.run() == .ended)
        guard case .began = drain.events.first?.fact, case .resumed(Self.begun)? = drain.events.dropFirst().first?.fact
        else {
            Issue.record("\(drain.events.prefix(2))")
            return
        }
        #expect(drain.evictions(of: "a").count == 1 && drain.evictions(of: "b").isEmpty)
        let summary = try #require(drain.summary)
        #expect(summary.outcome == .completed && summary.total == 5 && summary.leftCordoned)
        // Nothing was different from what the node carried already.
        #expect(Self.patches(drain).count == 1)
        let record = try #require(try Self.record(drain))
        #expect(record.started == Self.begun.started && record.total == 5 && record.cordoned)
        #expect(record.outcome == .completed)
    }

    @Test("resumed on a node that somebody has made schedulable meanwhile", arguments: DrainPolicy.OnUncordon.allCases)
    func uncordonedMeanwhile(policy: DrainPolicy.OnUncordon) throws {
        let drain = Self.drain([.stub("a")], record: Self.begun, resumes: true) { $0.onUncordon = policy }
        #expect(drain.run() == .ended)
        let stops = policy == .stop
        #expect(drain.summary?.outcome == (stops ? .cancelled : .completed))
        #expect(drain.cluster.node.spec.unschedulable == !stops)
        #expect(drain.evictions(of: "a").isEmpty == stops)
        let told = drain.events.filter {
            if case .uncordonedByOthers(let recordons) = $0.fact { recordons == !stops } else { false }
        }
        #expect(told.count == 1)
        let record = try #require(try Self.record(drain))
        #expect(record.outcome == drain.summary?.outcome && record.cordoned == !stops)
    }

    @Test("a later drain of ours knows the cordon of the one before as ours; of another boot, not")
    func laterDrain() throws {
        for boot in ["boot-1", "boot-0"] {
            var earlier = Self.begun
            earlier.id = "drain-0"
            earlier.outcome = .timedOut
            earlier.bootID = boot
            let drain = Self.drain([.stub("a")], unschedulable: true, record: earlier)
            drain.termination = { _ in nil }
            drain.at(.seconds(5)) { $0.tell(.cancel(uncordon: true)) }
            #expect(drain.run() == .ended)
            #expect(drain.cluster.node.spec.unschedulable == (boot == "boot-0"))
        }
    }

    @Test("an annotation that cannot be read is said, and written over")
    func unreadable() throws {
        let drain = Self.drain([.stub("a")])
        drain.cluster.node.metadata.annotations[DrainRecord.annotation] = "{"
        #expect(drain.run() == .ended)
        #expect(try Self.record(drain)?.outcome == .completed)
        let said = drain.events.contains { if case .requestFailed(.read, _, _) = $0.fact { true } else { false } }
        #expect(said)
    }

    @Test("a resumed drain that is cancelled before it goes on is over: nobody resumes it", arguments: [true, false])
    func cancelledBeforeItGoesOn(waits: Bool) throws {
        let drain = Self.drain([.stub("a")], unschedulable: true, record: Self.begun, resumes: true) { policy in
            if waits { policy.fleet = DrainPolicy.Fleet(parallel: 1, namespace: "kube-system") }
        }
        drain.script = { call, _ in
            switch call {
            case .listPods: return .init(.serverError)
            case .listLeases:
                let spec = Lease.Spec(holderIdentity: "node-b", leaseDurationSeconds: 1800)
                let lease = Lease(metadata: ObjectMeta(name: "drain-agent-0", resourceVersion: "1"), spec: spec)
                return .init(.success(code: 200, .leases([lease])))
            default: return nil
            }
        }
        drain.at(.seconds(10)) { $0.tell(.cancel(uncordon: false)) }
        #expect(drain.run() == .ended)
        #expect(drain.states.contains(.waiting) == waits)
        let record = try #require(try Self.record(drain))
        #expect(record.outcome == .cancelled && record.cordoned)
    }
}
