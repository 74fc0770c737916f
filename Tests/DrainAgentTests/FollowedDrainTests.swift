import DrainTelemetry
import KubernetesAPI
import Locking
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

@Suite struct FollowedDrainTests {
    private let now = Hindrances.epoch

    private func event(_ message: DrainFeed.Message) -> ServerSentEvents.Event {
        var data: [UInt8] = []
        JSONLine.append(message.data, to: &data)
        return ServerSentEvents.Event(name: message.kind.rawValue, data: data)
    }

    /// What a follower makes of these events, who comes after so many of them.
    private func follow(_ events: [DrainEvent], late: Int = 0) throws -> (
        drain: FollowedDrain, lines: [String], status: DrainStatus
    ) {
        let progress = DrainProgress(node: "node-a")
        let feed = DrainFeed(progress, time: TimeSource { Hindrances.epoch + .seconds(5) }) {}
        let told = Lock<[DrainFeed.Message]>([])
        func happen(_ events: some Sequence<DrainEvent>) {
            for event in events {
                progress.observe(event)
                feed.observe(event)
            }
        }
        happen(events.prefix(late))
        let (number, whole) = feed.join()
        told.withLock { $0.append(whole) }
        feed.follow(number) { message in
            told.withLock { $0.append(message) }
            return true
        }
        happen(events.dropFirst(late))
        var drain = FollowedDrain()
        var lines: [String] = []
        for message in told.withLock({ $0 }) { lines += try drain.heard(event(message), at: now).map(\.text) }
        return (drain, lines, progress.current)
    }

    @Test("a sign of life is an event that a page can hear, and changes nothing")
    func alive() throws {
        var parser = ServerSentEvents()
        let events = parser.push(LiveEvents.heartbeat.utf8) ?? []
        #expect(events.map(\.name) == ["alive"])
        var drain = FollowedDrain()
        for event in events { #expect(try drain.heard(event, at: now).isEmpty) }
        #expect(drain.view == nil)
    }

    @Test(
        "whoever follows sees the drain as it is, from its beginning or from its middle", arguments: [0, 1, 5, 15, 20])
    func view(late: Int) throws {
        let stuck = DrainEvent(at: now, .stuck(pod: 2, nil))
        let (drain, _, status) = try follow(Hindrances.events + [stuck, Hindrances.end], late: late)
        var expected = DrainView(status)
        expected.stuck = []
        var seen = try #require(drain.view)
        seen.counts = seen.counts.filter { $0.value > 0 }
        #expect(seen == expected)
        #expect(drain.skew == .seconds(5))
    }

    @Test("each move that says something new has its line")
    func lines() throws {
        let again = DrainEvent(at: now, Hindrances.move(5, to: .blocked, from: .evicting, Hindrances.slow))
        #expect(
            try follow(Hindrances.events + [again]).lines == [
                "pod demo/p0 is gone", "pod demo/p1 is gone", "evicting pod demo/p3",
                "pod demo/p4 is blocked by budget shop/pay: not now",
                "pod demo/p5 is blocked by budget shop/web: not now",
                "pod demo/p6 is blocked by webhook kv.example: not now",
                "pod demo/p2 should be gone since 2027-01-15T08:00:30Z: finalizers are left (example.com/hold)",
            ])
    }

    @Test("a stuck pod is shown until it goes or is stuck no longer")
    func stuck() throws {
        #expect(try follow(Hindrances.events + [Hindrances.end]).drain.view?.stuck.count == 1)
        let gone = DrainEvent(at: now, Hindrances.move(2, to: .gone, from: .terminating))
        #expect(try follow(Hindrances.events + [gone, Hindrances.end]).drain.view?.stuck.isEmpty == true)
    }

    @Test("a warning of the agent's log is said, what is new to this version passed over, nonsense refused")
    func others() throws {
        var drain = FollowedDrain()
        let note = ServerSentEvents.Event(
            name: "note",
            data: Array("{\"ts\":\"2027-01-15T08:00:00Z\",\"level\":\"warning\",\"msg\":\"m\",\"err\":\"e\"}".utf8))
        #expect(try drain.heard(note, at: now).map(\.text) == ["warning: m: e"])
        #expect(try drain.heard(ServerSentEvents.Event(name: "poem", data: []), at: now).isEmpty)
        #expect(throws: (any Error).self) {
            try drain.heard(ServerSentEvents.Event(name: "state", data: Array("{}".utf8)), at: now)
        }
    }
}
