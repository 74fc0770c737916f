import DrainTelemetry
import KubernetesAPI
import Locking
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("DrainFeed: a drain for those who watch it live")
struct DrainFeedTests {
    /// What a follower heard, and whether it goes on listening.
    private final class Ear: Sendable {
        private let heard = Lock<[DrainFeed.Message]>([])
        let patience: Int

        init(patience: Int = .max) { self.patience = patience }

        var messages: [DrainFeed.Message] { heard.withLock { $0 } }
        var kinds: [DrainFeed.Message.Kind] { messages.map(\.kind) }

        func hear(_ message: DrainFeed.Message) -> Bool {
            heard.withLock { heard in
                heard.append(message)
                return heard.count < patience
            }
        }
    }

    private let progress = DrainProgress(node: "node-a")
    /// Whoever waits at it when the test ends waits no longer.
    private final class Gate: Sendable {
        let (stream, continuation) = AsyncStream<Void>.makeStream()

        deinit { continuation.finish() }
    }

    private let gate = Gate()

    private func feed() -> DrainFeed {
        DrainFeed(progress, time: TimeSource { ScriptedDrain.epoch }) { [stream = gate.stream] in
            for await _ in stream { return }
        }
    }

    /// Runs a drain to its end, with the feed beside its progress.
    @discardableResult
    private func drained(_ feed: DrainFeed, before: (ScriptedDrain) -> Void = { _ in }) -> ScriptedDrain {
        let drain = ScriptedDrain.busy()
        drain.onStep = { [progress] _, step in
            for event in step.events {
                progress.observe(event)
                feed.observe(event)
            }
        }
        before(drain)
        drain.at(.seconds(30)) { $0.tell(.cancel(uncordon: false)) }
        drain.run()
        return drain
    }

    private func member(_ key: String, of value: Telemetry.JSONValue) -> Telemetry.JSONValue? {
        guard case .object(let members) = value else { return nil }
        return members.first { $0.0 == key }?.1
    }

    private func strings(_ key: String, of value: Telemetry.JSONValue?) -> [String] {
        guard case .array(let values)? = value else { return [] }
        return values.compactMap { if case .string(let text)? = member(key, of: $0) { text } else { nil } }
    }

    @Test("a follower from the start hears each pod and each move, in order")
    func everything() throws {
        let feed = feed()
        let ear = Ear()
        let (number, whole) = feed.join()
        #expect(whole.kind == .drain)
        feed.follow(number, ear.hear)
        let moves = Lock<[PodMove]>([])
        drained(feed) { drain in
            let observe = drain.onStep
            drain.onStep = { drain, step in
                observe(drain, step)
                let made = step.events.compactMap { if case .podMoved(let move) = $0.fact { move } else { nil } }
                moves.withLock { $0 += made }
            }
        }
        let told = ear.messages.filter { $0.kind == .move }.map(\.data)
        let expected = moves.withLock { $0 }
        #expect(expected.count > 10)
        #expect(told.compactMap { member("to", of: $0) } == expected.map { .string($0.to.rawValue) })
        #expect(told.compactMap { member("uid", of: $0) } == expected.map { .string($0.pod.uid) })
        let added = ear.messages.filter { $0.kind == .pod && member("phase", of: $0.data) != nil }
        #expect(added.count == progress.current.pods.count)
        #expect(ear.kinds.first == .drain, "a drain that begins is told whole")
    }

    @Test("a follower that comes late hears how things stand, with the moves so far")
    func late() throws {
        let feed = feed()
        drained(feed)
        let whole = feed.join().whole
        let drain = try #require(member("drain", of: whole.data))
        #expect(drain == progress.current.json)
        let recent = try #require(member("recent", of: whole.data))
        #expect(strings("to", of: member("moves", of: recent)).contains("gone"))
        #expect(member("now", of: whole.data) == .string(ScriptedDrain.epoch.rfc3339(.microseconds)))
    }

    @Test("what happens between joining and following is not lost")
    func between() {
        let feed = feed()
        let ear = Ear()
        let (number, _) = feed.join()
        drained(feed)
        #expect(ear.messages.isEmpty)
        feed.follow(number, ear.hear)
        #expect(ear.kinds.contains(.move))
    }

    @Test("one that hears no more, or has left, is told nothing more")
    func leaving() {
        let feed = feed()
        let (tired, gone) = (Ear(patience: 3), Ear())
        feed.follow(feed.join().number, tired.hear)
        let number = feed.join().number
        feed.leave(number)
        feed.follow(number, gone.hear)
        #expect(feed.followers == 1)
        drained(feed)
        #expect(tired.messages.count == 3)
        #expect(gone.messages.isEmpty)
        #expect(feed.followers == 0)
    }

    @Test("the state is told after a pause, once for all that happened in it, without the pods")
    func state() async throws {
        let feed = feed()
        let told = AsyncStream<DrainFeed.Message>.makeStream()
        feed.follow(feed.join().number) { message in
            if message.kind == .state { told.continuation.yield(message) }
            return true
        }
        drained(feed)
        gate.continuation.yield()
        var messages = told.stream.makeAsyncIterator()
        let message = try #require(await messages.next())
        let drain = try #require(member("drain", of: message.data))
        #expect(member("state", of: drain) == .string("cancelled"))
        #expect(member("counts", of: drain) != nil)
        #expect(member("pods", of: drain) == nil && member("excluded", of: drain) == nil)
    }

    @Test("lines of the log are told, the newest 200 to who comes late, none for debugging")
    func notes() throws {
        let feed = feed()
        let ear = Ear()
        feed.follow(feed.join().number, ear.hear)
        for number in 1...250 {
            feed.note(
                LogLine(
                    at: ScriptedDrain.epoch, level: number.isMultiple(of: 2) ? .info : .debug, logger: "drain",
                    message: "line \(number)", fields: [("node", "node-a"), ("pdb", "shop/web")]))
        }
        for number in 251...400 {
            feed.note(LogLine(at: ScriptedDrain.epoch, level: .warning, logger: "drain", message: "line \(number)"))
        }
        #expect(ear.kinds == Array(repeating: .note, count: 125 + 150))
        #expect(member("pdb", of: ear.messages[0].data) == "shop/web")
        #expect(member("node", of: ear.messages[0].data) == nil)
        let kept = strings("msg", of: member("notes", of: try #require(member("recent", of: feed.join().whole.data))))
        #expect(kept.count == 200 && kept.first == "line 152" && kept.last == "line 400")
    }
}
