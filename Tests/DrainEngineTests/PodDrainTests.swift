import KubernetesAPI
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("PodDrain: who is asked for next, and when")
struct PodDrainTests {
    private static let start = ScriptedDrain.epoch

    private static func policy(_ change: (inout DrainPolicy) -> Void = { _ in }) -> DrainPolicy {
        var policy = DrainPolicy(node: "node-a")
        change(&policy)
        return policy
    }

    private static func drain(_ count: Int, _ policy: DrainPolicy = policy(), own: Int? = nil) -> PodDrain {
        var drain = PodDrain(policy: policy, random: SplitMix64(seed: 1))
        for index in 0..<count {
            _ = drain.add(.stub("p\(index)"), isSelf: index == own, at: start)
        }
        return drain
    }

    /// The pods asked for now.
    private static func send(_ drain: inout PodDrain, at now: Timestamp = start) -> [Int] {
        var step = PodDrain.Step()
        var sent: [Int] = []
        while let next = drain.sendNext(at: now, into: &step) { sent.append(next.index) }
        return sent
    }

    @discardableResult
    private static func answer(
        _ drain: inout PodDrain, _ index: Int, _ answer: Exchange.Answer, retryAfter: Duration? = nil,
        at now: Timestamp = start
    ) -> PodDrain.Step {
        let pod = drain.pods[index].pod
        return drain.answered(
            index: index, attempt: drain.pods[index].attempts,
            Exchange(answer: answer, retryAfter: retryAfter, sent: now, received: now),
            call: .evict(pod, DeleteOptions()),
            at: now)
    }

    @Test("no more requests are in flight than there are slots, and an answer frees one")
    func slots() {
        var drain = Self.drain(7, Self.policy { $0.concurrency = 5 })
        #expect(Self.send(&drain) == [0, 1, 2, 3, 4])
        #expect(drain.inFlight == 5 && drain.nextWake(after: Self.start) == nil)
        Self.answer(&drain, 2, .created)
        #expect(Self.send(&drain) == [5])
    }

    @Test("a blocked or terminating pod holds no slot")
    func blockedHoldsNone() {
        var drain = Self.drain(4, Self.policy { $0.concurrency = 1 })
        #expect(Self.send(&drain) == [0])
        Self.answer(&drain, 0, .refusal(.budget("web")))
        #expect(Self.send(&drain) == [1])
        Self.answer(&drain, 1, .created)
        #expect(Self.send(&drain) == [2])
        #expect(drain.counts[.blocked] == 1 && drain.counts[.terminating] == 1)
    }

    @Test("new pods come before second tries")
    func newFirst() {
        var drain = Self.drain(3, Self.policy { $0.concurrency = 1 })
        _ = Self.send(&drain)
        Self.answer(&drain, 0, .refusal(.webhook("kv")))
        let later = Self.start + .seconds(60)
        #expect(Self.send(&drain, at: later) == [1])
        Self.answer(&drain, 1, .created, at: later)
        #expect(Self.send(&drain, at: later) == [2])
        Self.answer(&drain, 2, .created, at: later)
        #expect(Self.send(&drain, at: later) == [0])
    }

    @Test("nor does a pod that is asked for to find out: it waits for its turn, among those that are tried again")
    func newBeforeProbes() {
        var drain = Self.drain(3, Self.policy { $0.concurrency = 1 })
        #expect(Self.send(&drain) == [0])
        Self.answer(&drain, 0, .refusal(.budget("web")))
        let later = Self.start + .seconds(60)
        var step = PodDrain.Step()
        drain.followBudgets(at: later, into: &step)
        #expect(Self.send(&drain, at: later) == [1])
        Self.answer(&drain, 1, .refusal(.webhook("kv")), at: later)
        #expect(Self.send(&drain, at: later) == [2])
        Self.answer(&drain, 2, .created, at: later)
        #expect(Self.send(&drain, at: later + .seconds(60)) == [0])
        Self.answer(&drain, 0, .created, at: later + .seconds(60))
        #expect(Self.send(&drain, at: later + .seconds(60)) == [1])
    }

    @Test("with max-terminating, so many are going at once and no more")
    func maxTerminating() {
        var drain = Self.drain(5, Self.policy { $0.maxTerminating = 2 })
        #expect(Self.send(&drain) == [0, 1])
        Self.answer(&drain, 0, .created)
        #expect(Self.send(&drain).isEmpty && drain.nextWake(after: Self.start) == nil)
        Self.answer(&drain, 1, .refusal(.budget("web")))
        #expect(Self.send(&drain) == [2])
        Self.answer(&drain, 2, .created)
        #expect(Self.send(&drain, at: Self.start + .seconds(5)).isEmpty)
        _ = drain.vanished(index: 0, at: Self.start)
        #expect(Self.send(&drain) == [3])
    }

    @Test("a throttled answer holds everybody up for just as long as the server said")
    func pause() {
        var drain = Self.drain(3, Self.policy { $0.concurrency = 1 })
        _ = Self.send(&drain)
        let step = Self.answer(&drain, 0, .refusal(.throttled), retryAfter: .seconds(10))
        #expect(step.facts.contains(.throttled(for: .seconds(10))))
        let end = Self.start + .seconds(10)
        #expect(drain.nextWake(after: Self.start) == end)
        #expect(Self.send(&drain, at: end - .milliseconds(1)).isEmpty)
        #expect(Self.send(&drain, at: end) == [1])
    }

    @Test("a pause ends for the others too when the pod that met it is gone")
    func pauseOutlivesItsPod() {
        var drain = Self.drain(2, Self.policy { $0.concurrency = 1 })
        _ = Self.send(&drain)
        Self.answer(&drain, 0, .refusal(.throttled), retryAfter: .seconds(10))
        _ = drain.vanished(index: 0, at: Self.start)
        #expect(drain.nextWake(after: Self.start) == Self.start + .seconds(10))
        #expect(Self.send(&drain, at: Self.start + .seconds(10)) == [1])
    }

    @Test("our own pod is asked for when nothing else is left")
    func ownPodLast() {
        var drain = Self.drain(3, own: 1)
        #expect(Self.send(&drain) == [0, 2])
        Self.answer(&drain, 0, .created)
        Self.answer(&drain, 2, .created)
        #expect(Self.send(&drain).isEmpty)
        _ = drain.vanished(index: 0, at: Self.start)
        #expect(Self.send(&drain).isEmpty && !drain.isSettled)
        _ = drain.vanished(index: 2, at: Self.start)
        #expect(Self.send(&drain) == [1])
        Self.answer(&drain, 1, .created)
        #expect(drain.isSettled)
    }

    @Test("our own pod, asked for once and to be asked for again, lets a late target go first")
    func ownPodYields() {
        var drain = Self.drain(1, own: 0)
        #expect(Self.send(&drain) == [0])
        Self.answer(&drain, 0, .refusal(.webhook("kv")))
        _ = drain.add(.stub("late"), isSelf: false, at: Self.start)
        #expect(Self.send(&drain) == [1])
        Self.answer(&drain, 1, .created)
        let later = Self.start + .seconds(60)
        #expect(Self.send(&drain, at: later).isEmpty && drain.nextWake(after: Self.start) == nil)
        _ = drain.vanished(index: 1, at: later)
        #expect(Self.send(&drain, at: later) == [0])
    }

    @Test("our own pod still goes when the others have failed")
    func ownPodAfterFailures() {
        var drain = Self.drain(2, own: 0)
        #expect(Self.send(&drain) == [1])
        Self.answer(&drain, 1, .refusal(.forbidden))
        _ = drain.accessReviewed(namespace: "demo", allowed: false, at: Self.start)
        #expect(drain.pods[1].phase == .failed)
        #expect(Self.send(&drain) == [0])
    }

    @Test("a stale answer frees its slot and moves nothing")
    func staleAnswer() {
        var drain = Self.drain(1)
        _ = Self.send(&drain)
        let now = Self.start
        let step = drain.answered(
            index: 0, attempt: 0, Exchange(answer: .created, sent: now, received: now),
            call: .evict(drain.pods[0].pod, DeleteOptions()), at: now)
        #expect(drain.pods[0].phase == .evicting && drain.inFlight == 0)
        #expect(step.facts.count == 1)
    }

    @Test("a denial fails all that wait in that namespace, at once or at their next answer")
    func denial() {
        var drain = PodDrain(policy: Self.policy { $0.concurrency = 2 }, random: SplitMix64(seed: 1))
        for (name, namespace) in [("a", "x"), ("b", "x"), ("c", "x"), ("d", "y")] {
            _ = drain.add(.stub(name, namespace: namespace), isSelf: false, at: Self.start)
        }
        #expect(Self.send(&drain) == [0, 1])
        Self.answer(&drain, 0, .refusal(.forbidden))
        let step = drain.accessReviewed(namespace: "x", allowed: false, at: Self.start)
        #expect(
            drain.pods[0].phase == .failed && step.facts.contains { if case .podFinished = $0 { true } else { false } })
        #expect(drain.pods[1].phase == .evicting)
        Self.answer(&drain, 1, .refusal(.forbidden))
        #expect(drain.pods[1].phase == .failed)
        #expect(Self.send(&drain) == [2, 3])
        Self.answer(&drain, 3, .refusal(.forbidden))
        #expect(drain.pods[3].phase == .retrying)
    }

    @Test("an allowing review changes nothing")
    func allowed() {
        var drain = Self.drain(1)
        _ = Self.send(&drain)
        Self.answer(&drain, 0, .refusal(.forbidden))
        #expect(drain.accessReviewed(namespace: "demo", allowed: true, at: Self.start).facts.isEmpty)
        #expect(drain.pods[0].phase == .retrying)
    }

    @Test("counts and the settled mark follow every move")
    func counts() {
        var drain = Self.drain(3)
        _ = Self.send(&drain)
        Self.answer(&drain, 0, .created)
        Self.answer(&drain, 1, .refusal(.budget("web")))
        Self.answer(&drain, 2, .refusal(.serverError))
        let live = drain.counts.filter { $0.value != 0 }
        #expect(live == [.terminating: 1, .blocked: 1, .retrying: 1])
        for index in 0..<3 { _ = drain.vanished(index: index, at: Self.start) }
        #expect(
            drain.counts.filter { $0.value != 0 } == [.gone: 3] && drain.isSettled
                && drain.nextWake(after: Self.start) == nil)
        _ = drain.reappeared(index: 1, at: Self.start)
        #expect(!drain.isSettled && Self.send(&drain) == [1])
    }

    @Test("it wakes for the earliest pod that is due, and forgets those that moved on")
    func nextWake() {
        var drain = Self.drain(2)
        _ = Self.send(&drain)
        Self.answer(&drain, 0, .refusal(.webhook("kv")))
        Self.answer(&drain, 1, .refusal(.webhook("kv")), at: Self.start + .seconds(1))
        #expect(drain.nextWake(after: Self.start) == Self.start + .seconds(5))
        _ = drain.vanished(index: 0, at: Self.start)
        #expect(drain.nextWake(after: Self.start) == Self.start + .seconds(6))
    }

    @Test("the same name under another UID is another pod, and both are found")
    func identities() {
        var drain = Self.drain(1)
        _ = drain.add(.stub("p0", uid: "second"), isSelf: false, at: Self.start)
        #expect(drain.index(of: PodIdentity(namespace: "demo", name: "p0", uid: "p0-uid")) == 0)
        #expect(drain.index(of: PodIdentity(namespace: "demo", name: "p0", uid: "second")) == 1)
        #expect(drain.index(named: "demo", "p0") == 1)
    }
}
