import KubernetesAPI
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

/// One pod and what happened to it, with a clock of its own.
private struct OnePod {
    var policy = DrainPolicy(node: "node-a")
    var eviction: PodEviction
    var random = SplitMix64(seed: 5)
    var now = ScriptedDrain.epoch
    var facts: [DrainEvent.Fact] = []
    var consequences: [PodEviction.Consequence] = []

    init(_ pod: Pod = .stub("a"), isSelf: Bool = false, dryRun: DrainPolicy.DryRun = .none) {
        policy.dryRun = dryRun
        eviction = PodEviction(index: 0, pod: pod, isSelf: isSelf, isDryRun: dryRun != .none, at: now)
    }

    mutating func send() { take(eviction.sent(at: now)) }

    mutating func answer(
        _ answer: Exchange.Answer, retryAfter: Duration? = nil, accessDenied: Bool = false, after time: Duration = .zero
    ) {
        now = now + time
        take(
            eviction.answered(
                EvictionReply(answer, namespace: "demo"), retryAfter: retryAfter, at: now, policy: policy,
                accessDenied: accessDenied, random: &random))
    }

    /// Sends, and answers at once.
    mutating func ask(_ answer: Exchange.Answer, retryAfter: Duration? = nil, accessDenied: Bool = false) {
        if let due = eviction.due { now = max(now, due) }
        send()
        self.answer(answer, retryAfter: retryAfter, accessDenied: accessDenied)
    }

    mutating func take(_ step: PodEviction.Step) {
        facts += step.facts
        if let consequence = step.consequence { consequences.append(consequence) }
    }

    var delay: Duration? { eviction.due.map { $0 - now } }
    var ends: [PodResult] { facts.compactMap { if case .podFinished(let end) = $0 { end.result } else { nil } } }
    var waits: [WaitOutcome] { facts.compactMap { if case .waitEnded(_, let outcome) = $0 { outcome } else { nil } } }
}

@Suite("PodEviction: one pod's way")
struct PodEvictionTests {
    struct Row: Sendable, CustomStringConvertible {
        var description: String
        var answer: Exchange.Answer
        var phase: PodPhase
        var result: PodResult?

        init(_ description: String, _ answer: Exchange.Answer, _ phase: PodPhase, _ result: PodResult? = nil) {
            self.description = description
            self.answer = answer
            self.phase = phase
            self.result = result
        }
    }

    static let rows = [
        Row("accepted", .created, .terminating),
        Row("budget", .refusal(.budget("web")), .blocked),
        Row("several_budgets", .refusal(.severalBudgets), .blocked),
        Row("deferred", .refusal(.webhook("kv")), .blocked),
        Row("throttled", .refusal(.throttled), .retrying),
        Row("gone", .refusal(.noSuchPod(PodIdentity(namespace: "demo", name: "a", uid: "a-uid"))), .gone, .vanished),
        Row(
            "replaced", .refusal(.uidMismatch(PodIdentity(namespace: "demo", name: "a", uid: "a-uid"))), .gone,
            .vanished),
        Row("namespace_terminating", .refusal(.namespaceTerminating), .terminating),
        Row("unauthorized", .refusal(Status(code: 401, message: "Unauthorized")), .retrying),
        Row("forbidden", .refusal(.forbidden), .retrying),
        Row("rejected", .refusal(.badRequest), .retrying),
        Row("server_error", .refusal(.serverError), .retrying),
        Row("unreachable", .away, .retrying),
    ]

    @Test("the rows are all the answers there are")
    func allRows() {
        #expect(Set(Self.rows.map(\.description)) == Set(EvictionAnswer.allCases.map(\.rawValue)))
    }

    @Test("each answer makes its move", arguments: rows)
    func moves(row: Row) {
        var pod = OnePod()
        pod.ask(row.answer)
        #expect(pod.eviction.phase == row.phase)
        #expect(pod.eviction.result == row.result)
        #expect(pod.ends == (row.result.map { [$0] } ?? []))
        // A budget says by itself when it allows.
        let isTimed = row.phase == .retrying || row.description == "deferred"
        #expect((pod.eviction.due != nil) == isTimed)
        #expect(pod.eviction.lastAnswer?.rawValue == row.description)
        #expect(pod.eviction.attempts == 1)
    }

    @Test(
        "while the watch shows it terminating, no answer moves it back",
        arguments: rows)
    func watchFirst(row: Row) {
        var pod = OnePod()
        pod.send()
        var seen = Pod.stub("a")
        seen.metadata.deletionTimestamp = pod.now + .seconds(30)
        pod.take(pod.eviction.observed(seen, at: pod.now))
        #expect(pod.eviction.phase == .terminating)
        pod.answer(row.answer, after: .seconds(1))
        #expect(pod.eviction.phase == .terminating && pod.eviction.due == nil)
        pod.take(pod.eviction.vanished(at: pod.now))
        #expect(pod.ends == [row.description == "accepted" ? .evicted : .vanished])
    }

    @Test("gone before the answer: the answer says whether it was us, and it is counted once", arguments: rows)
    func goneFirst(row: Row) {
        var pod = OnePod()
        pod.send()
        pod.take(pod.eviction.vanished(at: pod.now))
        #expect(pod.eviction.phase == .evicting && pod.ends.isEmpty)
        pod.answer(row.answer, after: .seconds(1))
        #expect(pod.eviction.phase == .gone)
        #expect(pod.ends == [row.description == "accepted" ? .evicted : .vanished])
        pod.take(pod.eviction.vanished(at: pod.now))
        #expect(pod.ends.count == 1)
    }

    @Test(
        "the API's troubles never use up the retries",
        arguments: [Exchange.Answer.away, .refusal(.serverError), .refusal(.throttled), .refusal(Status(code: 401))])
    func retriesForEver(answer: Exchange.Answer) {
        var pod = OnePod()
        for step in 0..<100 {
            pod.ask(answer)
            #expect(pod.eviction.phase == .retrying)
            let bound = min(.seconds(20), Duration.milliseconds(100) * (1 << min(step, 20)))
            #expect(pod.delay.map { $0 >= .zero && $0 < bound } == true)
        }
    }

    @Test("a pod is given up after max-retries rejections and one")
    func rejected() {
        var pod = OnePod()
        pod.policy.maxRetries = 3
        for _ in 0..<3 { pod.ask(.refusal(.badRequest)) }
        #expect(pod.eviction.phase == .retrying)
        pod.ask(.refusal(.badRequest))
        #expect(pod.eviction.phase == .failed && pod.eviction.isSettled)
        #expect(pod.ends == [.failed])
        #expect(pod.eviction.remaining.message == "no")
    }

    @Test(
        "Retry-After is kept, whoever says it",
        arguments: [Status.throttled, .serverError, .badRequest, .forbidden, .webhook("kv")])
    func retryAfter(status: Status) {
        var pod = OnePod()
        pod.ask(.refusal(status), retryAfter: .seconds(32))
        #expect(pod.delay == .seconds(32))
    }

    @Test("a throttled answer asks everybody to pause, for exactly as long as the server said")
    func pause() {
        var pod = OnePod()
        pod.ask(.refusal(.throttled), retryAfter: .seconds(2))
        #expect(pod.consequences == [.pause(.seconds(2), until: pod.now + .seconds(2))])
        pod.ask(.refusal(.throttled))
        #expect(pod.consequences.count == 1)
        // The pod's own backoff has grown beyond that: it is nobody else's.
        for _ in 0..<10 {
            pod.ask(.refusal(.throttled), retryAfter: .milliseconds(1))
            #expect(pod.consequences.last == .pause(.milliseconds(1), until: pod.now + .milliseconds(1)))
        }
    }

    @Test("a webhook's no is asked again at its interval")
    func interval() {
        var pod = OnePod()
        pod.policy.webhookRetryInterval = .seconds(3)
        pod.ask(.refusal(.webhook("kv")))
        #expect(pod.delay == .seconds(3))
    }

    @Test("a wait goes on through further refusals and troubles, and ends where it is allowed")
    func oneWait() throws {
        var pod = OnePod()
        pod.ask(.refusal(.budget("web", needs: 3)))
        pod.ask(.away)
        pod.ask(.refusal(.budget("web", needs: 2)))
        let wait = try #require(pod.eviction.wait)
        #expect(wait.number == 1 && wait.refusals == 2 && wait.since == ScriptedDrain.epoch)
        #expect(wait.firstMessage.contains("needs 3") && wait.lastMessage.contains("needs 2"))
        pod.ask(.created)
        #expect(pod.eviction.wait == nil)
        #expect(pod.waits == [.allowed])
    }

    @Test("another blocker is another wait")
    func anotherBlocker() {
        var pod = OnePod()
        pod.ask(.refusal(.budget("web")))
        pod.ask(.refusal(.webhook("kv")))
        #expect(pod.eviction.wait?.number == 2)
        #expect(pod.eviction.wait?.blocker == .webhook(name: "kv"))
        pod.take(pod.eviction.abandoned())
        #expect(pod.waits == [.allowed, .abandoned])
    }

    @Test("a blocked pod that somebody else deletes waits no longer, and its old message is dropped")
    func deletedMeanwhile() {
        var pod = OnePod()
        pod.ask(.refusal(.budget("web")))
        var seen = Pod.stub("a", finalizers: ["x/y"])
        seen.metadata.deletionTimestamp = pod.now + .seconds(30)
        pod.take(pod.eviction.observed(seen, at: pod.now))
        #expect(pod.eviction.phase == .terminating && pod.eviction.due == nil && pod.eviction.message.isEmpty)
        #expect(pod.waits == [.allowed])
        #expect(pod.facts.contains(.deletionExpected(pod: 0, by: pod.now + .seconds(30), finalizers: ["x/y"])))
        pod.take(pod.eviction.vanished(at: pod.now))
        #expect(pod.facts.contains(.deletionExpected(pod: 0, by: nil, finalizers: [])))
        #expect(pod.ends == [.vanished])
    }

    @Test("one forbidden proves nothing, the second asks for a review, three over 30 s are proof")
    func forbidden() {
        var pod = OnePod()
        pod.ask(.refusal(.forbidden))
        #expect(pod.consequences.isEmpty && pod.eviction.phase == .retrying)
        #expect(pod.delay.map { $0 >= .seconds(1) } == true)
        pod.ask(.refusal(.forbidden))
        #expect(pod.consequences == [.reviewAccess])
        pod.ask(.refusal(.forbidden))
        #expect(pod.eviction.phase == .retrying)
        pod.now = ScriptedDrain.epoch + .seconds(31)
        pod.ask(.refusal(.forbidden))
        #expect(pod.eviction.phase == .failed && pod.ends == [.failed])
    }

    @Test("who is told to wait may ask: what was forbidden before counts no more")
    func forbiddenThenBlocked() {
        var pod = OnePod()
        for _ in 0..<3 {
            pod.ask(.refusal(.forbidden))
            pod.now = pod.now + .seconds(60)
            pod.ask(.refusal(.budget("web")))
        }
        #expect(pod.eviction.phase == .blocked && pod.consequences.isEmpty)
    }

    @Test("where a review denied us, one forbidden is enough")
    func denied() {
        var pod = OnePod()
        pod.ask(.refusal(.forbidden), accessDenied: true)
        #expect(pod.eviction.phase == .failed)
    }

    @Test("a review's denial fails what retries for being forbidden, and nothing else")
    func reviewDenies() {
        var forbidden = OnePod()
        forbidden.ask(.refusal(.forbidden))
        forbidden.take(forbidden.eviction.accessDenied(at: forbidden.now))
        #expect(forbidden.eviction.phase == .failed)
        var away = OnePod()
        away.ask(.away)
        away.take(away.eviction.accessDenied(at: away.now))
        #expect(away.eviction.phase == .retrying)
    }

    @Test("a failed pod that somebody else removes is gone, and stays counted as failed")
    func failedThenGone() {
        var pod = OnePod()
        pod.ask(.refusal(.forbidden), accessDenied: true)
        var seen = Pod.stub("a")
        seen.metadata.deletionTimestamp = pod.now
        pod.take(pod.eviction.observed(seen, at: pod.now))
        #expect(pod.eviction.phase == .failed)
        pod.take(pod.eviction.vanished(at: pod.now))
        #expect(pod.eviction.phase == .gone && pod.eviction.result == .failed && pod.ends == [.failed])
    }

    @Test("a pod that a later list shows again is asked for again")
    func reappears() {
        var pod = OnePod()
        pod.ask(.created)
        pod.take(pod.eviction.vanished(at: pod.now))
        pod.take(pod.eviction.reappeared(at: pod.now))
        #expect(pod.eviction.phase == .queued && pod.eviction.result == nil && !pod.eviction.isSettled)
        pod.ask(.created)
        pod.take(pod.eviction.vanished(at: pod.now))
        #expect(pod.ends == [.evicted])
        var there = OnePod()
        there.take(there.eviction.reappeared(at: there.now))
        #expect(there.facts.isEmpty)
    }

    @Test("our own pod is done with when it terminates, another one when it is gone")
    func ownPod() {
        var own = OnePod(isSelf: true)
        own.ask(.created)
        #expect(own.eviction.isSettled)
        var other = OnePod()
        other.ask(.created)
        #expect(!other.eviction.isSettled)
    }

    @Test("a pod that terminates when we start is waited for, and vanishes")
    func terminatingAtStart() {
        var pod = OnePod(.stub("a", deletion: ScriptedDrain.epoch + .seconds(5)))
        #expect(pod.eviction.phase == .terminating && !pod.eviction.isSettled)
        pod.take(pod.eviction.vanished(at: pod.now))
        #expect(pod.ends == [.vanished])
    }

    @Test(
        "a dry run asks once: yes is gone, a no is failed, and nothing is counted as deleted",
        arguments: [
            (Exchange.Answer.created, PodPhase.gone), (.refusal(.budget("web")), .failed),
            (.refusal(.webhook("kv")), .failed), (.refusal(.severalBudgets), .failed),
        ])
    func dryRun(answer: Exchange.Answer, phase: PodPhase) {
        var pod = OnePod(dryRun: .server)
        pod.ask(answer)
        #expect(pod.eviction.phase == phase && pod.eviction.isSettled && pod.eviction.wait == nil)
        for case .podFinished(let end) in pod.facts { #expect(end.acceptedAt == nil) }
    }

    @Test("in a dry run a pod that terminates already is done with")
    func dryRunTerminating() {
        let pod = OnePod(.stub("a", deletion: ScriptedDrain.epoch), dryRun: .server)
        #expect(pod.eviction.isSettled)
    }
}
