import SeededRandom
import Telemetry
import Testing
import Timestamps

@testable import TelemetryExport

@Suite("SpanQueue: what is sent when, and what becomes of it")
struct SpanQueueTests {
    private static let epoch = Timestamp(seconds: 1000)

    /// A queue with its clock and its randomness.
    private struct Bench {
        var queue: SpanQueue
        var now = SpanQueueTests.epoch
        var random = SplitMix64(seed: 1)
        var fates: [SpanFate: Int] = [:]

        init(_ limits: SpanQueue.Limits = .init()) { queue = SpanQueue(limits) }

        mutating func offer(_ count: Int, bytes: Int = 10) {
            for _ in 0..<count { _ = queue.offer([UInt8](repeating: 1, count: bytes), at: now) }
            tally()
        }

        mutating func answer(_ reply: ExportReply) -> [SpanQueue.Remark] {
            defer { tally() }
            return queue.answered(reply, at: now, using: &random)
        }

        /// Spans in the batch that is to be sent now; `nil`: nothing is.
        mutating func sent() -> Int? { if case .send(let batch) = queue.next(at: now) { batch.count } else { nil } }

        /// How long nothing is to be done.
        mutating func pause() -> Duration? {
            if case .wait(let moment) = queue.next(at: now) { moment - now } else { nil }
        }

        private mutating func tally() {
            for (fate, number) in queue.takeFates() { fates[fate, default: 0] += number }
        }
    }

    private static let done = ExportReply.accepted(rejected: 0, message: "")

    @Test("a span waits a second for company, then they go together")
    func delay() {
        var bench = Bench()
        #expect(bench.queue.next(at: bench.now) == .idle)
        bench.offer(1)
        #expect(bench.pause() == .seconds(1))
        bench.now = Self.epoch + .milliseconds(600)
        bench.offer(2)
        #expect(bench.pause() == .milliseconds(400))
        bench.now = Self.epoch + .seconds(1)
        #expect(bench.sent() == 3)
        #expect(bench.queue.next(at: bench.now) == .idle)
        #expect(bench.answer(Self.done).isEmpty)
        #expect(bench.fates == [.written: 3])
        #expect(bench.queue.next(at: bench.now) == .idle)
    }

    @Test("512 are enough company, and one batch is sent after the other")
    func batches() {
        var bench = Bench()
        bench.offer(1200)
        var sizes: [Int] = []
        while let size = bench.sent() {
            sizes.append(size)
            _ = bench.answer(Self.done)
        }
        #expect(sizes == [512, 512])
        #expect(bench.pause() == .seconds(1))
        bench.now = Self.epoch + .seconds(1)
        #expect(bench.sent() == 176)
    }

    @Test("whoever waits is woken for the first span and for a full batch")
    func wakes() {
        var queue = SpanQueue()
        let wakes = (1...513).filter { _ in queue.offer([1], at: Self.epoch) }
        #expect(wakes == [1, 512])
    }

    @Test("a full queue drops the newest, what is being sent counts, and room comes back")
    func bounded() {
        var limits = SpanQueue.Limits()
        limits.bytes = 100
        var bench = Bench(limits)
        bench.offer(12)
        #expect(bench.fates == [.dropped: 2])
        bench.now = bench.now + .seconds(1)
        #expect(bench.sent() == 10)
        bench.offer(1)
        _ = bench.answer(.later("away", after: nil))
        bench.offer(1)
        #expect(bench.fates == [.dropped: 4])
        bench.now = bench.now + .seconds(2)
        #expect(bench.sent() == 10)
        _ = bench.answer(Self.done)
        bench.offer(10)
        #expect(bench.fates == [.dropped: 4, .written: 10])
        bench.offer(1, bytes: 101)
        #expect(bench.fates[.dropped] == 5)
    }

    @Test("the same batch is sent again, later each time but never beyond 30 s")
    func backoff() throws {
        var bench = Bench()
        bench.offer(2)
        bench.now = bench.now + .seconds(1)
        let first = bench.queue.next(at: bench.now)
        for longest in [1, 2, 4, 8, 16, 30, 30, 30] {
            bench.offer(1)
            _ = bench.answer(.later("away", after: nil))
            let next = bench.pause()
            let pause = try #require(next)
            #expect(pause >= .seconds(longest) / 2 && pause <= .seconds(longest), "\(pause)")
            bench.now = bench.now + pause
            #expect(bench.queue.next(at: bench.now) == first)
        }
        _ = bench.answer(Self.done)
        #expect(bench.fates == [.written: 2])
        #expect(bench.sent() == 8)
        _ = bench.answer(.later("away", after: nil))
        let anew = bench.pause()
        #expect(try #require(anew) <= .seconds(1), "after a success it begins anew")
    }

    @Test(
        "a collector's wish is the pause, up to five minutes",
        arguments: [(Duration.zero, Duration?.none), (.seconds(7), .seconds(7)), (.seconds(86_400), .seconds(300))])
    func retryAfter(wish: Duration, pause: Duration?) {
        var bench = Bench()
        bench.offer(1)
        bench.now = bench.now + .seconds(1)
        _ = bench.sent()
        _ = bench.answer(.later("busy", after: wish))
        #expect(bench.pause() == pause)
    }

    @Test("rejected spans have failed and are not sent again; more than were sent cannot be; it is said once")
    func partialSuccess() {
        var bench = Bench()
        var remarks: [SpanQueue.Remark] = []
        for rejected in [0, 2, 99, -1] {
            bench.offer(5)
            bench.now = bench.now + .seconds(1)
            #expect(bench.sent() == 5)
            remarks += bench.answer(.accepted(rejected: rejected, message: rejected == 0 ? "" : "bad \(rejected)"))
            #expect(bench.sent() == nil)
        }
        #expect(bench.fates == [.written: 5 + 3 + 0 + 5, .failed: 2 + 5])
        #expect(remarks == [.rejected(2, "bad 2")])
    }

    @Test("a refused batch has failed; the beginning and the end of a failure are told, and nothing in between")
    func remarks() {
        var bench = Bench()
        var remarks: [SpanQueue.Remark] = []
        let replies: [ExportReply] = [
            Self.done, .refused("400"), .refused("400"), .later("503", after: .zero), .later("reset", after: .zero),
            Self.done, Self.done, .later("503", after: .zero), Self.done,
        ]
        for reply in replies {
            bench.offer(1)
            bench.now = bench.now + .seconds(1)
            #expect(bench.sent() != nil)
            remarks += bench.answer(reply)
        }
        #expect(remarks == [.beganToFail("400"), .worksAgain, .beganToFail("503"), .worksAgain])
        #expect(bench.fates[.failed] == 2)
        #expect(bench.queue.offered - bench.queue.settled == 9 - 2 - (bench.fates[.written] ?? 0))
    }

    @Test("in a hurry nothing waits for company, nor for a pause of our own; for a collector's it does")
    func hurry() throws {
        var bench = Bench()
        bench.offer(1)
        #expect(bench.sent() == nil)
        bench.queue.hurry()
        #expect(bench.sent() == 1)
        _ = bench.answer(.later("away", after: nil))
        #expect(bench.sent() == nil)
        bench.queue.hurry()
        #expect(bench.sent() == 1)
        for _ in 1...5 {
            _ = bench.answer(.later("away", after: nil))
            let pause = bench.pause()
            #expect(try #require(pause) <= .milliseconds(500), "and it does not grow")
            bench.now = bench.now + .milliseconds(500)
            #expect(bench.sent() == 1)
        }
        _ = bench.answer(.later("busy", after: .seconds(60)))
        bench.queue.hurry()
        #expect(bench.pause() == .seconds(60))
        bench.queue.relax()
        bench.now = bench.now + .seconds(60)
        #expect(bench.sent() == 1)
        _ = bench.answer(Self.done)
        bench.offer(1)
        #expect(bench.pause() == .seconds(1))
    }

    @Test("what is left at the end is dropped, also what is being sent, and nothing comes after it")
    func abandon() {
        var bench = Bench()
        bench.offer(3)
        bench.now = bench.now + .seconds(1)
        #expect(bench.sent() == 3)
        bench.offer(2)
        bench.queue.abandon()
        #expect(bench.queue.settled == 5)
        #expect(bench.answer(Self.done).isEmpty)
        bench.offer(1)
        #expect(bench.fates == [.dropped: 6])
        #expect(bench.queue.next(at: bench.now + .seconds(9)) == .idle)
    }
}
