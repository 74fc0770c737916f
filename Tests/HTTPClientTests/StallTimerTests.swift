import Testing

@testable import HTTPClient

@Suite("The stall timer")
struct StallTimerTests {
    let start = ContinuousClock.now

    private func timer(rate: Int? = nil) -> StallTimer {
        StallTimer(firstByteTimeout: .seconds(40), idleTimeout: .seconds(30), minimumRate: rate)
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
