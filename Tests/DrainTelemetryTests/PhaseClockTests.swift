import DrainEngine
import Testing
import Timestamps

@testable import DrainTelemetry

@Suite("PhaseClock: pod-seconds")
struct PhaseClockTests {
    private func second(_ offset: Int) -> Timestamp { Timestamp(seconds: 1_700_000_000) + .seconds(offset) }

    @Test("pods count in each phase for as long as they are in it, and not once they are gone")
    func adds() {
        var clock = PhaseClock()
        clock.entered(.queued, at: second(0))
        clock.entered(.queued, at: second(2))
        clock.moved(from: .queued, to: .terminating, at: second(5))
        clock.moved(from: .terminating, to: .gone, at: second(9))
        #expect(clock.read(at: second(10)) == [.queued: 5 + 8, .terminating: 4])
    }

    @Test("what is told only after a scrape counts from when it happened")
    func correctsItself() {
        var clock = PhaseClock()
        clock.entered(.queued, at: second(0))
        #expect(clock.read(at: second(4)) == [.queued: 4])
        clock.entered(.queued, at: second(1))
        clock.moved(from: .queued, to: .evicting, at: second(3))
        #expect(clock.read(at: second(5)) == [.queued: 3 + 4, .evicting: 2])
    }
}
