import KubernetesAPI
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("ObjectFeed: the picture of what is watched")
struct ObjectFeedTests {
    private var now = ScriptedDrain.epoch
    private var feed = ObjectFeed(
        .pods(node: "node-a"), policy: DrainPolicy(node: "node-a"), interval: .seconds(5), random: SplitMix64(seed: 9))

    private static func list(_ version: String) -> PodList { PodList(resourceVersion: version, items: []) }

    private mutating func end(_ reason: WatchRestart, code: Int? = nil, after lived: Duration? = nil) -> [DrainEvent
        .Fact]
    {
        if let lived {
            _ = feed.watchOpened(at: now)
            now = now + lived
        }
        return feed.watchEnded(reason, detail: "detail", status: code.map { Status(code: $0) }, at: now)
    }

    /// Goes to when the feed is due.
    private mutating func wake() {
        guard let due = feed.nextWake else { return }
        now = max(now, due)
        feed.tick(at: now)
    }

    private static func polling(_ facts: [DrainEvent.Fact]) -> [Bool] {
        facts.compactMap { if case .pollingChanged(let isPolling, _) = $0 { isPolling } else { nil } }
    }

    @Test("it watches from the list's version on, for 5 to 10 minutes")
    mutating func starts() throws {
        #expect(feed.wantedWatch == nil && feed.nextWake == nil)
        feed.start(from: "7")
        let wanted = try #require(feed.wantedWatch)
        #expect(wanted.request.resourceVersion == "7" && wanted.generation == 1)
        #expect((300...600).contains(wanted.request.timeoutSeconds))
        #expect(feed.nextWake == nil)
    }

    @Test("a feed that begins with a list asks for no version")
    mutating func firstList() {
        feed.startListing()
        #expect(feed.wantedList() == .cache(notBefore: nil))
        feed.listed(version: "9", at: now)
        feed.startListing()
        #expect(feed.wantedList() == .cache(notBefore: "9"))
    }

    @Test("an event older than what was heard is not believed, and moves no version back")
    mutating func late() {
        feed.start(from: "7")
        var pod = Pod.stub("a")
        pod.metadata.resourceVersion = "9"
        #expect(feed.received(.deleted(.pod(pod)))?.isPresent == false)
        pod.metadata.resourceVersion = "8"
        #expect(feed.received(.modified(.pod(pod))) == nil)
        #expect(feed.received(.bookmark(resourceVersion: "6")) == nil)
        #expect(feed.resourceVersion == "9")
        // The same once more is no harm, and a version that is no number is taken as it comes.
        pod.metadata.resourceVersion = "9"
        #expect(feed.received(.deleted(.pod(pod))) != nil)
        pod.metadata.resourceVersion = "x1"
        #expect(feed.received(.modified(.pod(pod))) != nil)
    }

    @Test("events and bookmarks move the version on, for the next watch")
    mutating func versions() {
        feed.start(from: "7")
        var pod = Pod.stub("a")
        pod.metadata.resourceVersion = "8"
        #expect(feed.received(.added(.pod(pod)))?.isPresent == true)
        #expect(feed.received(.deleted(.pod(pod)))?.isPresent == false)
        #expect(feed.received(.bookmark(resourceVersion: "12")) == nil)
        #expect(feed.received(.error(Status(code: 500))) == nil)
        #expect(end(.closed, after: .seconds(300)) == [.watchEnded(.closed, detail: "detail")])
        #expect(feed.wantedWatch?.request.resourceVersion == "12" && feed.generation == 2)
    }

    @Test("a watch that fell silent is begun again at once, where it was")
    mutating func idle() {
        feed.start(from: "7")
        _ = end(.idle, after: .seconds(90))
        #expect(feed.wantedWatch?.generation == 2 && feed.wantedWatch?.request.resourceVersion == "7")
    }

    @Test("a watch that is closed as soon as it is opened is not begun again at once")
    mutating func closedAtOnce() {
        feed.start(from: "7")
        _ = end(.closed, after: .milliseconds(10))
        #expect(feed.wantedWatch == nil)
        #expect(feed.nextWake.map { $0 >= now && $0 <= now + .seconds(5) } == true)
        wake()
        #expect(feed.wantedWatch?.generation == 2)
    }

    @Test("an expired version asks for a list no older than what was seen")
    mutating func expired() {
        feed.start(from: "7")
        _ = end(.expired, code: 410, after: .seconds(60))
        #expect(feed.wantedWatch == nil)
        let source = feed.wantedList()
        #expect(source == .cache(notBefore: "7"))
        #expect(feed.wantedList() == nil)
        feed.listed(version: "40", at: now)
        #expect(feed.wantedWatch?.request.resourceVersion == "40")
    }

    @Test("a list whose version expires at once is not asked for in a tight loop")
    mutating func expiresAlways() {
        feed.start(from: "7")
        var lists: [(Timestamp, ListSource)] = []
        for _ in 0..<20 {
            _ = end(.expired, code: 410)
            wake()
            if let source = feed.wantedList() { lists.append((now, source)) }
            feed.listed(version: "7", at: now)
            if feed.wantedWatch == nil { wake() }
            if let source = feed.wantedList() {
                lists.append((now, source))
                feed.listed(version: "7", at: now)
            }
        }
        #expect(lists.first?.1 == .cache(notBefore: "7"))
        #expect(lists.dropFirst().first?.1 == .consistent(chunkSize: 500))
        #expect(now - ScriptedDrain.epoch > .seconds(20))
    }

    @Test("a broken watch is tried again after a delay, and lists help out from the second time on")
    mutating func error() {
        feed.start(from: "7")
        _ = end(.error)
        wake()
        #expect(feed.wantedWatch?.generation == 2)
        _ = end(.error)
        wake()
        let source = feed.wantedList()
        #expect(source == .cache(notBefore: "7"))
    }

    @Test("three failures in a row fall back to polling, and say so once")
    mutating func polls() {
        feed.start(from: "7")
        var facts = end(.error)
        wake()
        facts += end(.error)
        wake()
        _ = feed.wantedList()
        feed.listed(version: "8", at: now)
        facts += end(.error)
        #expect(Self.polling(facts) == [true])
        #expect(feed.isPolling)
    }

    @Test("a forbidden watch is polled at once: a list every five seconds, a new watch every thirty")
    mutating func forbidden() {
        feed.start(from: "7")
        let facts = end(.error, code: 403)
        #expect(Self.polling(facts) == [true])
        let began = now
        var lists: [Timestamp] = []
        var watches: [Timestamp] = []
        while now - began < .seconds(100) {
            wake()
            if feed.wantedList() != nil {
                lists.append(now)
                feed.listed(version: "8", at: now)
            }
            if feed.wantedWatch != nil {
                watches.append(now)
                #expect(Self.polling(end(.error, code: 403)).isEmpty)
            }
        }
        #expect(zip(lists, lists.dropFirst()).allSatisfy { $1 - $0 <= .seconds(5) })
        #expect((15...25).contains(lists.count))
        #expect((2...3).contains(watches.count))
    }

    @Test("a watch that opens ends the polling")
    mutating func recovers() {
        feed.start(from: "7")
        _ = end(.error, code: 403)
        now = now + .seconds(31)
        feed.tick(at: now)
        _ = feed.wantedList()
        feed.listed(version: "8", at: now)
        #expect(feed.wantedWatch != nil)
        #expect(Self.polling(feed.watchOpened(at: now)) == [false])
        #expect(!feed.isPolling)
        #expect(feed.watchOpened(at: now).isEmpty)
    }

    @Test("after a failed list the cache is not trusted, until a list has come")
    mutating func distrust() {
        feed.start(from: "7")
        _ = end(.expired)
        _ = feed.wantedList()
        let delay = feed.listFailed(retryAfter: .seconds(9), at: now)
        #expect(delay == .seconds(9))
        #expect(feed.nextWake == now + .seconds(9))
        wake()
        let source = feed.wantedList()
        #expect(source == .consistent(chunkSize: 500))
        feed.listed(version: "50", at: now)
        _ = end(.expired, after: .seconds(5))
        let after = feed.wantedList()
        #expect(after == .cache(notBefore: "50"))
    }

    @Test("after the stop nothing starts it again")
    mutating func stopped() {
        feed.start(from: "7")
        _ = end(.expired)
        _ = feed.wantedList()
        feed.stop()
        feed.listed(version: "9", at: now)
        #expect(feed.listFailed(retryAfter: nil, at: now) == nil)
        #expect(feed.watchEnded(.error, detail: "", status: nil, at: now).isEmpty)
        #expect(feed.watchOpened(at: now).isEmpty)
        #expect(feed.wantedWatch == nil && feed.wantedList() == nil && feed.nextWake == nil)
    }
}
