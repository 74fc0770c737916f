import Testing

@testable import HTTPServer

struct ConnectionClockTests {
    private let start = ContinuousClock.now

    private func at(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func progress(
        received: UInt64 = 0, acknowledged: UInt64 = 0, waiting: Int = 0, hasDeparted: Bool = false
    ) -> SocketProgress {
        SocketProgress(
            received: received, acknowledged: acknowledged, unacknowledged: waiting, hasDeparted: hasDeparted)
    }

    /// The second of the first observation that ends the connection.
    private func overdue(_ clock: ConnectionClock, _ observations: [(second: Int, progress: SocketProgress)]) -> Int? {
        var clock = clock
        return observations.first { clock.isOver($0.progress, at: at($0.second), HTTPServerLimits()) }?.second
    }

    @Test("a new connection that drips is overdue after 10 s, however much it drips")
    func drip() {
        var clock = ConnectionClock(acceptedAt: start)
        clock.requestBegan(at: at(9))
        #expect(overdue(clock, (1...20).map { ($0, progress(received: UInt64($0))) }) == 11)
    }

    @Test("nobody is hurried while a handler is at work")
    func waiting() {
        var clock = ConnectionClock(acceptedAt: start)
        clock.requestIsWhole()
        #expect(overdue(clock, [(86_400, progress())]) == nil)
    }

    @Test("a client that departs is noticed at once where MHD does not read, at the second look where it does")
    func departure() {
        let gone = (1...3).map { ($0, progress(hasDeparted: true)) }
        var clock = ConnectionClock(acceptedAt: start)
        #expect(overdue(clock, gone) == 2)
        clock.requestIsWhole()
        #expect(overdue(clock, gone) == 1)
        clock.responseBegan(at: start, isStream: true)
        #expect(overdue(clock, gone) == 1)
        clock.responseBegan(at: start, isStream: false)
        #expect(overdue(clock, gone) == nil, "MHD writes")
        clock.responseEnded(at: start)
        #expect(overdue(clock, gone) == 2)
    }

    @Test("a connection between requests may be idle for two minutes")
    func idle() {
        var clock = ConnectionClock(acceptedAt: start)
        clock.responseEnded(at: start)
        #expect(overdue(clock, (1...200).map { ($0, progress(received: 100)) }) == 121)
    }

    @Test("the first byte of a later request starts its 10 s")
    func laterRequest() {
        var clock = ConnectionClock(acceptedAt: start)
        clock.responseEnded(at: start)
        let idle = (1...60).map { ($0, progress(received: 100)) }
        let drip = (61...100).map { ($0, progress(received: 100 + UInt64($0))) }
        #expect(overdue(clock, idle + drip) == 72)
    }

    @Test("a response may take for ever as long as the client takes something of it")
    func slowReader() {
        var clock = ConnectionClock(acceptedAt: start)
        clock.responseBegan(at: start, isStream: false)
        #expect(overdue(clock, (1...60).map { ($0 * 29, progress(acknowledged: UInt64($0), waiting: 100)) }) == nil)
    }

    @Test("a client that takes nothing for 30 s is overdue")
    func stalledReader() {
        var clock = ConnectionClock(acceptedAt: start)
        clock.responseBegan(at: start, isStream: false)
        #expect(overdue(clock, (1...60).map { ($0, progress(acknowledged: 7, waiting: 100)) }) == 32)
    }

    @Test("a quiet stream whose client has taken everything is not overdue, until it has something to take")
    func quietStream() {
        var clock = ConnectionClock(acceptedAt: start)
        clock.responseBegan(at: start, isStream: true)
        let quiet = [(1, progress(acknowledged: 7)), (3600, progress(acknowledged: 7))]
        let stalled = (3601...3700).map { ($0, progress(acknowledged: 7, waiting: 1)) }
        #expect(overdue(clock, quiet + stalled) == 3631)
    }
}
