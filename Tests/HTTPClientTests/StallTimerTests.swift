import Testing

@testable import HTTPClient

@Suite("The stall timer")
struct StallTimerTests {
    let start = ContinuousClock.now

    private func timer(rate: Int? = nil, total: Duration? = nil) -> StallTimer {
        StallTimer(
            firstByteTimeout: .seconds(40), idleTimeout: .seconds(30),
            limits: ResponseLimits(minimumRate: rate, total: total))
    }

    @Test("leaves the connect phase to libcurl")
    func connecting() {
        #expect(timer().due == nil)
    }

    @Test("counts the first byte from the moment the request was sent")
    func firstByte() {
        var timer = timer()
        timer.requestSent(at: start)
        #expect(timer.due == start + .seconds(40))
        #expect(timer.failure.kind == .timeout)
    }

    @Test("starts anew with every byte of a stream")
    func anyByte() {
        var timer = timer()
        timer.requestSent(at: start)
        timer.received(1, at: start + .seconds(39))
        #expect(timer.due == start + .seconds(69))
        timer.received(1, at: start + .seconds(68))
        #expect(timer.due == start + .seconds(98))
        #expect(timer.failure.kind == .idle)
    }

    @Test("is not held off by a drip where a minimum rate is asked for")
    func drip() {
        var timer = timer(rate: 1)
        timer.requestSent(at: start)
        timer.received(100, at: start)
        timer.received(1, at: start + .seconds(20))
        #expect(timer.due == start + .seconds(31))
        timer.received(1000, at: start + .seconds(30))
        #expect(timer.due == start + .seconds(60))
    }

    @Test("ends what goes on saying something when its time is over, counted from the first byte")
    func total() {
        var timer = timer(total: .seconds(60))
        timer.requestSent(at: start)
        timer.received(1, at: start + .seconds(10))
        #expect(timer.due == start + .seconds(40))
        for second in stride(from: 11, through: 65, by: 1) { timer.received(100, at: start + .seconds(second)) }
        #expect(timer.due == start + .seconds(70))
        #expect(timer.failure == HTTPFailure(.idle, "the response took longer than 60.0 seconds"))
        timer.paused()
        #expect(timer.due == start + .seconds(70))
        // Sent again, on another connection.
        timer.requestSent(at: start + .seconds(66))
        #expect(timer.due == start + .seconds(106))
    }

    @Test("ends a whole answer that comes as a byte each half second, and one of 1 kB/s goes on", arguments: [2, 1000])
    func trickle(rate: Int) throws {
        var timer = StallTimer(firstByteTimeout: .seconds(40), idleTimeout: .seconds(30), limits: .whole)
        timer.requestSent(at: start)
        timer.received(1, at: start)
        var last = start
        for second in 1..<59 {
            let now = start + .seconds(second)
            guard try #require(timer.due) > now else { break }
            timer.received(rate, at: now)
            last = now
        }
        #expect(last == start + .seconds(rate == 2 ? 31 : 58))
    }

    @Test("stands still while the consumer lags")
    func paused() {
        var timer = timer()
        timer.requestSent(at: start)
        timer.received(1, at: start)
        timer.paused()
        #expect(timer.due == nil)
        timer.resumed(at: start + .seconds(500))
        #expect(timer.due == start + .seconds(530))
    }

    @Test("takes no notice of a resume that came too late")
    func lateResume() {
        var timer = timer()
        timer.requestSent(at: start)
        timer.resumed(at: start + .seconds(10))
        #expect(timer.due == start + .seconds(40))
    }
}
