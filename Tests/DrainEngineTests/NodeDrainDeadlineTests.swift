import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("NodeDrain: what is left at the deadline is deleted, where that is wanted")
struct NodeDrainDeadlineTests {
    private static let epoch = ScriptedDrain.epoch

    /// Evictions of all pods but those that `go` are refused by a webhook.
    private static func drain(
        _ pods: [Pod], go: Set<String> = [], hardEnd: Duration? = nil, change: (inout DrainPolicy) -> Void = { _ in }
    ) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        policy.atDeadline = .delete
        change(&policy)
        let drain = ScriptedDrain(pods, policy: policy, deadline: .seconds(60))
        drain.script = { call, _ in
            if case .evict(let pod, _) = call, !go.contains(pod.name) { .init(.webhook("w")) } else { nil }
        }
        if let hardEnd {
            drain.at(.seconds(1)) { $0.tell(.deadline(Self.epoch + .seconds(60), hardEnd: Self.epoch + hardEnd)) }
        }
        return drain
    }

    private static func deletes(_ drain: ScriptedDrain) -> [(pod: String, grace: Int64?, at: Duration)] {
        drain.sent.compactMap { sent in
            guard case .deleteAtDeadline = sent.request.purpose,
                case .deletePod(let pod, let options) = sent.request.call
            else { return nil }
            return (pod.name, options.gracePeriodSeconds, sent.at - epoch)
        }
    }

    private static func told(_ drain: ScriptedDrain) -> [DeadlineDeletion] {
        drain.events.compactMap { if case .deletedAtDeadline(let it) = $0.fact { it } else { nil } }
    }

    @Test("whoever still waits is deleted with the grace that is left; it stays a time-out, and says how many")
    func deletes() {
        let drain = Self.drain([.stub("a"), .stub("b"), .stub("c")], go: ["c"], hardEnd: .seconds(69.7))
        // The answers come before the watch tells.
        drain.watchDelay = .milliseconds(50)
        #expect(drain.run() == .ended)
        let deletes = Self.deletes(drain)
        #expect(deletes.map(\.pod) == ["a", "b"] && deletes.allSatisfy { $0.grace == 9 && $0.at == .seconds(60) })
        #expect(drain.summary?.outcome == .timedOut)
        #expect(
            drain.summary?.reason
                == "2 pods (2 blocked by webhook w) left at the deadline; 2 were deleted past their budgets (--at-deadline delete)"
        )
        #expect(drain.summary?.remaining.map(\.phase) == [.terminating, .terminating])
        #expect(Self.told(drain).map(\.problem) == ["", ""])
        #expect(drain.elapsed < .seconds(61))
        let waits = drain.events.compactMap { if case .waitEnded(_, let it) = $0.fact { it } else { nil } }
        #expect(waits == [.abandoned, .abandoned])
    }

    @Test("stop, the default, deletes nothing")
    func stops() {
        let drain = Self.drain([.stub("a")]) { $0.atDeadline = .stop }
        #expect(drain.run() == .ended)
        #expect(Self.deletes(drain).isEmpty && Self.told(drain).isEmpty)
        #expect(drain.summary?.reason == "1 pod (1 blocked by webhook w) left at the deadline")
    }

    @Test(
        "a grace is whole seconds until everything ends, never more than the pod's own, and never zero",
        arguments: [
            (30, nil, 30), (30, 100, 30), (30, 12, 12), (30, 0, 1), (30, -5, 1), (0, nil, 1), (0, 60, 1),
        ] as [(Int64, Int?, Int64)])
    func graces(_ row: (own: Int64, left: Int?, grace: Int64)) {
        let hardEnd = row.left.map { Self.epoch + .seconds($0) }
        #expect(DeadlineDeletes.grace(own: row.own, hardEnd: hardEnd, at: Self.epoch) == row.grace)
    }

    @Test("a fraction of a second is not promised")
    func fractions() {
        let grace = DeadlineDeletes.grace(own: 30, hardEnd: Self.epoch + .milliseconds(4999), at: Self.epoch)
        #expect(grace == 4)
    }

    @Test("pods that are going, that stay, and our own are not deleted")
    func spared() {
        let drain = Self.drain(
            [.stub("going"), .stub("agent"), .stub("daemon", owner: .daemonSet("d")), .stub("late")], go: ["going"]
        ) { $0.selfPod = PodIdentity(namespace: "demo", name: "agent", uid: "agent-uid") }
        drain.termination = { _ in nil }
        #expect(drain.run() == .ended)
        #expect(Self.deletes(drain).map(\.pod) == ["late"])
    }

    @Test("an eviction whose no comes after the deadline is followed by a delete")
    func inFlight() {
        let drain = Self.drain([.stub("a")])
        drain.script = { call, now in
            guard case .evict = call else { return nil }
            return .init(.webhook("w"), after: .seconds(62))
        }
        #expect(drain.run() == .ended)
        #expect(Self.deletes(drain).map(\.pod) == ["a"] && Self.told(drain).count == 1)
        #expect(drain.elapsed > .seconds(62) && drain.elapsed < .seconds(63))
    }

    @Test("a delete that is refused or never answered is told with its reason, within the time to settle")
    func refused() {
        let drain = Self.drain([.stub("a"), .stub("b"), .stub("c"), .stub("d")])
        let script = drain.script
        drain.script = { call, now in
            guard case .deletePod(let pod, _) = call else { return script(call, now) }
            return switch pod.name {
            case "a": .init(Status(code: 403, message: "pods is forbidden"))
            case "b": .init(.created, after: nil)
            case "c": .init(.noSuchPod(pod))
            default: nil
            }
        }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed == .seconds(65))
        let told = Self.told(drain).sorted { $0.index < $1.index }
        #expect(told.map(\.pod.name) == ["a", "b", "d"])
        #expect(told.map(\.problem) == ["pods is forbidden", "no answer in time", ""])
        #expect(
            drain.summary?.reason.hasSuffix(
                "; 1 was deleted past its budget, 2 could not be (--at-deadline delete)") == true)
        #expect(drain.phases("c").last == .gone)
    }

    @Test("a server that is away for a moment is asked again")
    func again() {
        let drain = Self.drain([.stub("a")])
        let script = drain.script
        drain.script = { call, now in
            if case .deletePod = call, now < Self.epoch + .seconds(61) { return .init(.away) }
            return script(call, now)
        }
        #expect(drain.run() == .ended)
        #expect(Self.deletes(drain).count > 1 && Self.told(drain).map(\.problem) == [""])
    }

    @Test("fifty at once, no more")
    func bounded() {
        let drain = Self.drain((0..<120).map { .stub("p\($0)") })
        var most = 0
        drain.onStep = { drain, _ in
            most = max(
                most, drain.awaited.count { if case .deleteAtDeadline = $0 { true } else { false } })
        }
        #expect(drain.run() == .ended)
        #expect(most == 50 && Self.told(drain).count == 120)
    }

    @Test("a dry run deletes nothing")
    func dryRun() {
        let drain = Self.drain([.stub("a")]) { $0.dryRun = .server }
        drain.script = { call, _ in if case .evict = call { .init(.away) } else { nil } }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut && Self.deletes(drain).isEmpty)
    }
}
