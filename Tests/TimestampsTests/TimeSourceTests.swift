import Testing
import Timestamps

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
}
