import Synchronization
import Testing

@testable import Timestamps

@Suite("Time source")
struct TimeSourceTests {
    @Test("an anchored source never goes back")
    func monotonic() {
        let source = TimeSource.anchored()
        let moments = (0..<1000).map { _ in source.now() }
        #expect(moments == moments.sorted())
        #expect(moments[0] > Timestamp(rfc3339: "2024-01-01T00:00:00Z")!)
    }

    @Test("a test passes its own")
    func injected() {
        #expect(TimeSource { Timestamp(seconds: 7) }.now() == Timestamp(seconds: 7))
    }

    @Test("a step of the wall clock is not seen until the source is told to look again")
    func steps() {
        final class Clocks: Sendable {
            let wall = Atomic<Int64>(1_000)
            let steady = Atomic<Int64>(10)
        }
        let clocks = Clocks()
        let source = TimeSource.anchored(
            wall: { clocks.wall.load(ordering: .relaxed) }, steady: { clocks.steady.load(ordering: .relaxed) })
        clocks.wall.store(5_000, ordering: .relaxed)
        clocks.steady.store(17, ordering: .relaxed)
        #expect(source.now() == Timestamp(nanoseconds: 1_007))
        source.reanchor()
        #expect(source.now() == Timestamp(nanoseconds: 5_000))
    }
}
