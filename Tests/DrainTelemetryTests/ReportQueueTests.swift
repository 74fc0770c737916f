import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainTelemetry

@Suite("ReportQueue: Events that count up, within a rate")
struct ReportQueueTests {
    private let epoch = ScriptedDrain.epoch
    private var queue = ReportQueue(node: "node-a", drainID: "drain-1")

    private func note(
        _ reason: ClusterEventReason, pod: String? = nil, _ message: String = "m", cause: String = "",
        due: Duration = .zero
    ) -> ClusterNote {
        ClusterNote(
            key: .init(
                subject: pod.map { .pod(Pod.stub($0).identity) } ?? .node("node-a"), reason: reason, cause: cause),
            message: message, due: epoch + due)
    }

    private mutating func add(_ notes: ClusterNote..., at offset: Duration = .zero) {
        for note in notes { queue.add(note, at: epoch + offset) }
    }

    /// What is sent now; `nil`: nothing is.
    private mutating func sent(at offset: Duration = .zero) -> APICall? {
        guard case .send(let call) = queue.next(at: epoch + offset) else { return nil }
        return call
    }

    @discardableResult
    private mutating func answer(
        _ answer: Exchange.Answer = .created, at offset: Duration = .zero, retryAfter: Duration? = nil
    ) -> ReportQueue.Complaint? {
        let now = epoch + offset
        return queue.answered(Exchange(answer: answer, retryAfter: retryAfter, sent: now, received: now), at: now)
    }

    private func event(_ call: APICall?) -> ClusterEvent? {
        switch call {
        case .createEvent(let event), .repeatEvent(let event): event
        default: nil
        }
    }

    private func isCreate(_ call: APICall?) -> Bool { if case .createEvent = call { true } else { false } }

    private func isRepeat(_ call: APICall?) -> Bool { if case .repeatEvent = call { true } else { false } }

    @Test("the same happening again is the same Event, which counts up")
    mutating func repeats() throws {
        add(note(.drainWaiting, "first"))
        let created = sent()
        let first = try #require(event(created))
        #expect(first.count == 1 && first.namespace == "default" && first.level == .normal)
        #expect(queue.next(at: epoch) == .idle)
        answer()
        add(note(.drainWaiting, "second"), at: .seconds(3))
        let call = sent(at: .seconds(3))
        let second = try #require(event(call))
        #expect(isRepeat(call) && second.name == first.name && second.count == 2 && second.message == "second")
        #expect(second.firstSeen == epoch && second.lastSeen == epoch + .seconds(3))
        answer()
        #expect(queue.takeFates() == [.written: 2])
    }

    @Test("what happens again before it was written is one request, and better words do not count")
    mutating func coalesces() {
        add(note(.podDeletedAtDeadline, "a"), note(.podDeletedAtDeadline, "b"))
        var update = note(.podDeletedAtDeadline, "c")
        update.isUpdate = true
        add(update)
        let call = sent()
        #expect(isCreate(call) && event(call)?.count == 2 && event(call)?.message == "c")
        answer()
        #expect(sent() == nil)
    }

    @Test("another subject, reason or cause is another Event; the same one has one name in every process")
    mutating func names() {
        let notes = [
            note(.drainBlocked, pod: "a"), note(.drainBlocked, pod: "b"), note(.stuckTerminating, pod: "a"),
            note(.drainBlocked, pod: "a", cause: "x"), note(.budgetCannotAllow),
        ]
        func names(_ drainID: String) -> Set<String> {
            var queue = ReportQueue(node: "node-a", drainID: drainID)
            var names: Set<String> = []
            for note in notes {
                queue.add(note, at: epoch)
                if case .send(let call) = queue.next(at: epoch), let event = event(call) { names.insert(event.name) }
                _ = queue.answered(Exchange(answer: .created, sent: epoch, received: epoch), at: epoch)
            }
            return names
        }
        #expect(names("drain-1").count == 5)
        #expect(names("drain-1") == names("drain-1"))
        #expect(names("drain-1").isDisjoint(with: names("drain-2")))
    }

    @Test("a very long name stays a valid one, a very long message is cut between scalars")
    mutating func limits() throws {
        let pod = String(repeating: "a", count: 199) + "." + String(repeating: "b", count: 50)
        add(note(.drainBlocked, pod: pod, String(repeating: "ä", count: 2000)))
        let call = sent()
        let sent = try #require(event(call))
        #expect(sent.name.utf8.count <= 253 && !sent.name.contains(".."))
        #expect(sent.message.utf8.count <= 1024 && sent.message.hasSuffix("ä…"))
    }

    @Test("an Event that is there already counts up, one that has expired is written anew")
    mutating func conflicts() {
        add(note(.drainStarted))
        _ = sent()
        answer(.refusal(Status(code: 409, reason: "AlreadyExists")))
        let repeated = sent()
        #expect(isRepeat(repeated) && event(repeated)?.count == 2)
        answer(.refusal(Status(code: 404)))
        #expect(isCreate(sent()))
        answer()
        #expect(queue.takeFates() == [.written: 1])
    }

    @Test("25 at once on the node and 10 on pods, then one each 5 s")
    mutating func rate() {
        for number in 0..<40 {
            add(note(.drainBlocked, pod: "p\(number)"), note(.budgetCannotAllow, cause: "\(number)"))
        }
        var calls: [APICall] = []
        while let call = sent() {
            calls.append(call)
            answer()
        }
        #expect(calls.count == 35)
        #expect(calls.prefix(25).allSatisfy { event($0)?.subject == .node("node-a") })
        #expect(queue.next(at: epoch) == .wait(until: epoch + .seconds(5)))
        #expect(sent(at: .milliseconds(4999)) == nil)
        #expect(event(sent(at: .seconds(5)))?.subject == .node("node-a"))
        answer()
        #expect(event(sent(at: .seconds(5)))?.subject != .node("node-a"))
        answer()
        #expect(sent(at: .seconds(5)) == nil)
    }

    @Test("a wait that is over before it was told is never told, nor is its end")
    mutating func takesBack() {
        func ended(_ pod: String) -> ClusterNote {
            var note = note(.drainUnblocked, pod: pod)
            note.ends = .drainBlocked
            return note
        }
        add(note(.drainBlocked, pod: "a", due: .seconds(2)))
        #expect(queue.next(at: epoch) == .wait(until: epoch + .seconds(2)))
        add(ended("a"), ended("never-blocked"))
        #expect(queue.next(at: epoch + .seconds(2)) == .idle)
        add(note(.drainBlocked, pod: "b"))
        #expect(isCreate(sent()))
        add(ended("b"))
        answer()
        #expect(event(sent())?.reason == "DrainUnblocked")
    }

    @Test("beyond a thousand that wait the newest is dropped, and counted")
    mutating func bound() {
        for number in 0..<1003 { add(note(.drainBlocked, pod: "p\(number)")) }
        #expect(queue.takeFates() == [.dropped: 3])
        queue.abandon()
        #expect(queue.takeFates() == [.dropped: 1000])
        #expect(queue.next(at: epoch) == .idle)
    }

    @Test("without the permission one complaint is made, and this namespace is left alone")
    mutating func forbidden() {
        add(note(.drainBlocked, pod: "a"), note(.drainBlocked, pod: "b"))
        _ = sent()
        #expect(answer(.refusal(.forbidden)) == .events(Status.forbidden.message))
        #expect(sent() == nil)
        add(note(.drainBlocked, pod: "c"), note(.drainStarted))
        #expect(event(sent())?.reason == "DrainStarted")
        #expect(answer(.refusal(.forbidden)) == nil)
        #expect(queue.takeFates() == [.failed: 4])
    }

    @Test("a namespace that is going is no missing permission")
    mutating func terminating() {
        add(note(.drainBlocked, pod: "a"), note(.drainBlocked, pod: "b"))
        _ = sent()
        #expect(answer(.refusal(.namespaceTerminating)) == nil)
        #expect(sent() != nil)
    }

    @Test(
        "what may yet work is tried three times, after a pause", arguments: [nil, Duration.seconds(9), .seconds(900)])
    mutating func retries(retryAfter: Duration?) {
        let pause = min(retryAfter ?? .seconds(5), .seconds(60))
        var now = Duration.zero
        add(note(.drainStarted))
        for _ in 0..<3 {
            #expect(sent(at: now) != nil)
            answer(.refusal(.throttled), at: now, retryAfter: retryAfter)
            #expect(sent(at: now) == nil)
            now += pause
        }
        #expect(queue.next(at: epoch + now) == .idle)
        #expect(queue.takeFates() == [.failed: 1])
    }

    @Test("the conditions go first; newer ones replace those that were not written")
    mutating func conditions() {
        func value(_ type: String, _ status: String) -> Condition { Condition(type: type, status: status) }
        add(note(.drainStarted))
        queue.set([value("DrainInProgress", "True"), value("Drained", "False")])
        queue.set([value("DrainInProgress", "False")])
        let expected = [value("Drained", "False"), value("DrainInProgress", "False")]
        #expect(sent() == .setNodeConditions("node-a", expected))
        #expect(answer(.away) == nil)
        #expect(sent(at: .seconds(4)) == nil)
        #expect(sent(at: .seconds(5)) == .setNodeConditions("node-a", expected))
        #expect(answer(.refusal(.forbidden)) == .conditions(Status.forbidden.message))
        #expect(event(sent(at: .seconds(5))) != nil)
        answer()
        queue.set(expected)
        _ = sent(at: .seconds(5))
        #expect(answer(.refusal(.forbidden)) == nil)
    }

    @Test("at the end the node's Events pass every pause and every rate")
    mutating func closing() {
        for number in 0..<30 { add(note(.budgetCannotAllow, cause: "\(number)")) }
        while sent() != nil { answer() }
        add(note(.drainCompleted), note(.drainBlocked, pod: "a", due: .seconds(2)))
        #expect(sent() == nil)
        queue.close()
        var count = 0
        while sent() != nil {
            count += 1
            answer()
        }
        #expect(count == 6)
        #expect(queue.next(at: epoch) == .idle)
    }
}
