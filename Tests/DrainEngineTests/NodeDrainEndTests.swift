import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("NodeDrain: deadlines, cancels and the end")
struct NodeDrainEndTests {
    private static let epoch = ScriptedDrain.epoch

    /// A budget that never gives way.
    private static func blocked(deadline: Duration?) -> ScriptedDrain {
        let drain = ScriptedDrain([.stub("a"), .stub("b")], deadline: deadline)
        drain.script = { call, _ in
            if case .evict(let pod, _) = call, pod.name == "b" { .init(.budget("web")) } else { nil }
        }
        return drain
    }

    @Test("blocked by a budget until the deadline: timed out, the wait abandoned, the pod listed")
    func timedOut() throws {
        let drain = Self.blocked(deadline: .seconds(60))
        #expect(drain.run() == .ended)
        let summary = try #require(drain.summary)
        #expect(
            summary.outcome == .timedOut
                && summary.reason == "1 pod (1 blocked by budget demo/web) left at the deadline")
        #expect(drain.elapsed == .seconds(60))
        #expect(summary.remaining.map(\.phase) == [.blocked] && summary.evicted == 1)
        #expect(
            summary.remaining.first?.message == "The disruption budget web needs 2 healthy pods and has 2 currently")
        let waits = drain.events.compactMap { event -> WaitOutcome? in
            if case .waitEnded(_, let outcome) = event.fact { outcome } else { nil }
        }
        #expect(waits == [.abandoned])
        // The first, one when the list of budgets does not show it, and a probe after each 30 s.
        #expect(drain.evictions(of: "b").count == 3)
        #expect(drain.states.last == .timedOut)
    }

    @Test("without a deadline it waits for ever")
    func noDeadline() {
        let drain = Self.blocked(deadline: nil)
        #expect(drain.run(limit: .seconds(100_000)) == .paused)
        #expect(drain.summary == nil)
    }

    @Test("an earlier deadline ends it earlier, a later one later, none at all never")
    func deadlineChanges() {
        let earlier = Self.blocked(deadline: .seconds(600))
        earlier.at(.seconds(10)) { $0.tell(.deadline(Self.epoch + .seconds(20))) }
        #expect(earlier.run() == .ended && earlier.elapsed == .seconds(20))
        let later = Self.blocked(deadline: .seconds(20))
        later.at(.seconds(10)) { $0.tell(.deadline(Self.epoch + .seconds(600))) }
        #expect(later.run() == .ended && later.elapsed == .seconds(600))
        let past = Self.blocked(deadline: .seconds(600))
        past.at(.seconds(10)) { $0.tell(.deadline(Self.epoch + .seconds(5))) }
        #expect(past.run() == .ended && past.elapsed == .seconds(10))
        let none = Self.blocked(deadline: .seconds(20))
        none.at(.seconds(10)) { $0.tell(.deadline(nil)) }
        #expect(none.run(limit: .seconds(5000)) == .paused)
    }

    @Test("a deadline that has passed before the start ends it without a request")
    func deadlineInThePast() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(-1))
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut && drain.sent.isEmpty)
    }

    @Test("a cancel stops the evictions and leaves the cordon")
    func cancel() {
        let drain = Self.blocked(deadline: nil)
        drain.at(.seconds(12)) { $0.tell(.cancel(uncordon: false)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .cancelled && drain.summary?.leftCordoned == true)
        #expect(drain.cluster.node.spec.unschedulable && drain.elapsed == .seconds(12))
    }

    @Test("a cancel can free the node that we cordoned")
    func cancelUncordons() {
        let drain = Self.blocked(deadline: nil)
        drain.at(.seconds(12)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .cancelled && drain.summary?.leftCordoned == false)
        #expect(!drain.cluster.node.spec.unschedulable)
        #expect(drain.events.contains { $0.fact == .cordon(.uncordoned) })
        #expect(drain.events.contains { $0.fact == .nodeSeen(unschedulable: false) })
    }

    @Test("an uncordon that fails is told of, and does not keep the drain from ending")
    func uncordonFails() {
        let drain = Self.blocked(deadline: nil)
        let script = drain.script
        drain.script = { call, now in
            if case .patchNode(_, NodePatch(unschedulable: false), _) = call { return .init(.serverError) }
            return script(call, now)
        }
        drain.at(.seconds(12)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed == .seconds(27))
        #expect(drain.summary?.leftCordoned == true)
        #expect(drain.events.contains { $0.fact == .cordon(.uncordonFailed(message: "no answer in time")) })
    }

    @Test("an uncordon is not tried beyond the deadline and the time to settle")
    func uncordonWithinDeadline() {
        let drain = Self.blocked(deadline: .seconds(19))
        let script = drain.script
        drain.script = { call, now in
            if case .patchNode(_, NodePatch(unschedulable: false), _) = call { return .init(.serverError, after: nil) }
            return script(call, now)
        }
        drain.at(.seconds(12)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed == .seconds(19))
    }

    @Test("a deadline that comes while the node is uncordoned counts")
    func deadlineWhileUncordoning() {
        let drain = Self.blocked(deadline: nil)
        let script = drain.script
        drain.script = { call, now in
            if case .patchNode(_, NodePatch(unschedulable: false), _) = call { return .init(.serverError, after: nil) }
            return script(call, now)
        }
        drain.at(.seconds(12)) { $0.tell(.cancel(uncordon: true)) }
        drain.at(.seconds(13)) { $0.tell(.deadline(Self.epoch + .seconds(16))) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed == .seconds(16))
    }

    @Test("a read that is never answered does not hold up the end")
    func readsAreNotAwaited() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(3))
        drain.script = { call, _ in
            if case .readNode = call { .init(.serverError, after: nil) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut && drain.elapsed == .seconds(3))
    }

    @Test("the deadline that holds already is not told again")
    func sameDeadline() {
        let drain = Self.blocked(deadline: .seconds(20))
        drain.at(.seconds(5)) { $0.tell(.deadline(Self.epoch + .seconds(20))) }
        #expect(drain.run() == .ended)
        #expect(!drain.events.contains { if case .deadlineChanged = $0.fact { true } else { false } })
    }

    @Test("a cancel while the cordon is in flight waits for it, tells of it, and takes it back")
    func cancelDuringCordon() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, _ in
            guard case .patchNode(_, NodePatch(unschedulable: true), _) = call else { return nil }
            return .init(HandDrain.node(unschedulable: true, version: "2"), after: .seconds(3))
        }
        drain.at(.seconds(1)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(drain.events.contains { if case .cordon(.cordoned) = $0.fact { true } else { false } })
        #expect(drain.events.contains { $0.fact == .cordon(.uncordoned) })
        #expect(!drain.sent.contains { if case .evict = $0.request.call { true } else { false } })
        #expect(drain.summary?.outcome == .cancelled && drain.summary?.leftCordoned == false)
    }

    @Test("at the end answers in flight are awaited, and what they say is told")
    func settles() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, _ in
            if case .evict = call { .init(.created, after: .seconds(4)) } else { nil }
        }
        drain.at(.seconds(1)) { $0.tell(.cancel(uncordon: false)) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed > .seconds(3) && drain.elapsed < .seconds(5))
        #expect(drain.summary?.remaining.map(\.phase) == [.terminating])
    }

    @Test("answers that do not come are awaited for the settle timeout, and no longer")
    func settlesInTime() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, _ in
            if case .evict = call { .init(.created, after: nil) } else { nil }
        }
        drain.at(.seconds(1)) { $0.tell(.cancel(uncordon: false)) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed == .seconds(6))
        #expect(drain.summary?.remaining.map(\.phase) == [.evicting])
    }

    @Test("while it settles nothing new is asked for, though a list and a watch come to their ends")
    func settlingAsksForNothing() {
        let drain = ScriptedDrain([.stub("a"), .stub("b")])
        drain.script = { call, now in
            switch call {
            case .evict: .init(.created, after: nil)
            case .listPods(_, .cache(let version)) where version != nil: .init(.serverError, after: .seconds(2))
            default: nil
            }
        }
        drain.at(.milliseconds(500)) { $0.endWatch(.expired) }
        drain.at(.seconds(1)) { $0.tell(.cancel(uncordon: false)) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed == .seconds(6))
        #expect(drain.times { _ in true }.allSatisfy { $0 < .seconds(1) })
        #expect(drain.machine.wantedWatches.isEmpty && drain.machine.nextWake == nil)
    }

    @Test("a second cancel may still ask for the uncordon")
    func cancelTwice() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, _ in
            if case .evict = call { .init(.created, after: .seconds(4)) } else { nil }
        }
        drain.at(.seconds(1)) { $0.tell(.cancel(uncordon: false)) }
        drain.at(.seconds(2)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(!drain.cluster.node.spec.unschedulable)
    }

    @Test("after the end nothing happens any more")
    func afterTheEnd() {
        let drain = ScriptedDrain([.stub("a")])
        drain.run()
        let count = drain.events.count
        drain.tell(.deadline(Self.epoch))
        drain.tell(.cancel(uncordon: true))
        drain.tell(.tick)
        drain.tell(.watch(.pods(node: "node-a"), generation: 1, .event(.added(.stub("z")))))
        #expect(drain.events.count == count && drain.machine.nextWake == nil)
    }

    @Test("an answer that nobody awaits changes nothing")
    func unawaited() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, _ in
            if case .evict = call { .init(.created, after: nil) } else { nil }
        }
        drain.run(limit: .seconds(1))
        let before = drain.events.count
        let exchange = Exchange(answer: .refusal(.badRequest), sent: drain.now, received: drain.now)
        drain.tell(.answered(.evict(pod: 0, attempt: 9), exchange))
        drain.tell(.answered(.verify, exchange))
        #expect(drain.events.count == before)
        #expect(drain.phases("a") == [.queued, .evicting])
    }
}
