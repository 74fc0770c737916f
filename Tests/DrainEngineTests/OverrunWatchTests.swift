import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("OverrunWatch: when a projection is worth saying")
struct OverrunWatchTests {
    private var watch = OverrunWatch()
    private var now = ScriptedDrain.epoch

    /// Looks every five seconds; what was told at each.
    private mutating func look(
        _ overruns: [Projection.Overrun?], timeLeft: Duration = .seconds(300)
    ) -> [Projection.Overrun??] {
        overruns.map { overrun in
            defer { now = now + OverrunWatch.interval }
            return watch.looked(overrun, timeLeft: timeLeft, at: now)
        }
    }

    @Test("one odd look is no news")
    mutating func odd() {
        let told = look([nil, .by(.seconds(9)), nil, .by(.seconds(9)), nil])
        #expect(told.allSatisfy { $0 == nil })
    }

    @Test("an overrun is told when it lasts, once, and again when it has changed by a tenth")
    mutating func lasts() {
        let told = look([.by(.seconds(40)), .by(.seconds(40)), .by(.seconds(43)), .by(.seconds(50)), .by(.seconds(50))])
        #expect(told == [nil, .some(.by(.seconds(40))), nil, nil, .some(.by(.seconds(50)))])
    }

    @Test("what is for good is told at once, and so is its end")
    mutating func never() {
        #expect(look([.never, .never, nil]) == [.some(.never), nil, .some(nil)])
    }

    @Test("shortly before the deadline nothing is waited for")
    mutating func late() {
        #expect(look([.by(.seconds(2))], timeLeft: .seconds(9)) == [.some(.by(.seconds(2)))])
    }

    @Test("a look that is hastened does not count as a second one")
    mutating func hastened() {
        watch.start(at: now)
        let first = watch.looked(.by(.seconds(9)), timeLeft: .seconds(300), at: now)
        watch.hasten(at: now + .milliseconds(10))
        #expect(watch.due == now + .milliseconds(10))
        let second = watch.looked(.by(.seconds(9)), timeLeft: .seconds(300), at: now + .milliseconds(10))
        #expect(first == nil && second == nil)
    }

    @Test("what is not looked at cannot be hastened")
    mutating func stopped() {
        watch.hasten(at: now)
        #expect(watch.due == nil)
    }
}
