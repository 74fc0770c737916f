import DrainEngine
import Testing
import Timestamps

@testable import DrainTelemetry

@Suite struct PhaseClockTests {
    private static let start = Timestamp(seconds: 1_000)

    @Test("pods that are told of after a reading count from when they came")
    func lateArrivals() {
        var clock = PhaseClock()
        clock.entered(.queued, at: Self.start)
        #expect(clock.read(at: Self.start + .seconds(2))[.queued] == 2)
        clock.entered(.queued, at: Self.start)
        #expect(clock.read(at: Self.start + .seconds(2))[.queued] == 4)
        #expect(clock.read(at: Self.start + .seconds(3))[.queued] == 6)
    }

    @Test("a move that is told of after a reading is booked as it happened, and no counter falls")
    func lateMoves() {
        var clock = PhaseClock()
        clock.entered(.queued, at: Self.start)
        clock.entered(.queued, at: Self.start)
        #expect(clock.read(at: Self.start + .seconds(2))[.queued] == 4)
        clock.moved(from: .queued, to: .evicting, at: Self.start + .seconds(1))
        // One second too many of queued has been shown: the other pod's next one makes up for it.
        #expect(clock.read(at: Self.start + .seconds(2)) == [.queued: 4, .evicting: 1])
        #expect(clock.read(at: Self.start + .seconds(3)) == [.queued: 4, .evicting: 2])
        #expect(clock.read(at: Self.start + .seconds(5)) == [.queued: 6, .evicting: 4])
    }
}
