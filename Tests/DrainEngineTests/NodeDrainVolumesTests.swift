import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("NodeDrain: the volumes of the pods that went are detached")
struct NodeDrainVolumesTests {
    private static let epoch = ScriptedDrain.epoch

    private static func attachment(_ volume: String?, node: String = "node-a") -> VolumeAttachment {
        VolumeAttachment(
            metadata: ObjectMeta(name: "csi-\(volume ?? "inline")"), nodeName: node, persistentVolumeName: volume)
    }

    /// `attached`: the node's volumes, by the drain's time.
    private static func drain(
        _ pods: [Pod] = [.stub("a")], deadline: Duration? = .seconds(600), waits: Bool = true,
        attached: @escaping (Duration) -> [VolumeAttachment]
    ) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        policy.waitsForVolumeDetach = waits
        let drain = ScriptedDrain(pods, policy: policy, deadline: deadline)
        drain.script = { call, now in
            guard case .listVolumeAttachments = call else { return nil }
            return .init(.success(code: 200, .volumeAttachments(attached(now - epoch))))
        }
        return drain
    }

    private static func lists(_ drain: ScriptedDrain) -> [Duration] {
        drain.times { if case .volumes = $0.purpose { true } else { false } }
    }

    private static func told(_ drain: ScriptedDrain) -> [[String]] {
        drain.events.compactMap { if case .volumesAttached(let names) = $0.fact { names } else { nil } }
    }

    @Test("they are listed every five seconds until none is left, and told when they are others")
    func waits() {
        let drain = Self.drain { now in
            let others = [Self.attachment("elsewhere", node: "node-b")]
            if now < .seconds(13) { return others + [Self.attachment("v1"), Self.attachment(nil)] }
            return now < .seconds(20) ? others + [Self.attachment("v1")] : others
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        #expect(Self.told(drain) == [["csi-inline", "v1"], ["v1"], []])
        let lists = Self.lists(drain)
        #expect(lists.count == 5)
        #expect(zip(lists, lists.dropFirst()).allSatisfy { $1 - $0 >= .seconds(5) && $1 - $0 < .seconds(5.1) })
    }

    @Test("not asked to, it does not look")
    func off() {
        let drain = Self.drain(waits: false) { _ in [Self.attachment("v1")] }
        #expect(drain.run() == .ended)
        #expect(Self.lists(drain).isEmpty && drain.summary?.outcome == .completed)
    }

    @Test("volumes of pods that stay are not waited for")
    func staying() {
        var daemon = Pod.stub("daemon", owner: .daemonSet("d"))
        daemon.spec.volumes = [
            Volume(name: "data", persistentVolumeClaim: Volume.Claim(claimName: "data")),
            Volume(name: "again", persistentVolumeClaim: Volume.Claim(claimName: "data")),
        ]
        let drain = Self.drain([.stub("a"), daemon]) { now in
            now < .seconds(10) ? [Self.attachment("v1"), Self.attachment("v2")] : [Self.attachment("v2")]
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.elapsed > .seconds(10))
        #expect(Self.told(drain) == [["v1", "v2"], []])
    }

    @Test("the deadline ends it: timed out, with their names")
    func deadline() {
        let drain = Self.drain(deadline: .seconds(30)) { _ in [Self.attachment("v1")] }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut && drain.elapsed == .seconds(30))
        #expect(drain.summary?.reason == "the pods are gone, but volumes are still attached: v1")
    }

    @Test("without the permission that is said, and they are not waited for")
    func forbidden() {
        let drain = Self.drain { _ in [] }
        drain.script = { call, _ in
            guard case .listVolumeAttachments = call else { return nil }
            return .init(Status(code: 403, message: "volumeattachments is forbidden"))
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.elapsed < .seconds(10))
        let said = drain.events.compactMap { if case .requestFailed(.list, let it, _) = $0.fact { it } else { nil } }
        #expect(
            said.last
                == "volumes are not waited for (list volumeattachments.storage.k8s.io): volumeattachments is forbidden")
    }

    @Test("a server that is away is waited for, and a cancel ends it")
    func away() {
        let drain = Self.drain { _ in [] }
        drain.script = { call, now in
            if case .listVolumeAttachments = call, now < Self.epoch + .seconds(40) { .init(.away) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.elapsed > .seconds(40))
        let cancelled = Self.drain { _ in [Self.attachment("v1")] }
        cancelled.at(.seconds(20)) { $0.tell(.cancel(uncordon: true)) }
        #expect(cancelled.run() == .ended)
        #expect(cancelled.summary?.outcome == .cancelled && !cancelled.cluster.node.spec.unschedulable)
    }

    @Test("a late target goes first")
    func lateTarget() {
        let drain = Self.drain { now in now < .seconds(30) ? [Self.attachment("v1")] : [] }
        drain.at(.seconds(10)) { $0.put(.stub("late", scheduled: Self.epoch)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.evicted == 2)
        #expect(Self.told(drain) == [["v1"], [], ["v1"], []])
    }
}
