import Testing
import Timestamps

@Suite("Timestamp")
struct TimestampTests {
    @Test("sums and differences are exact")
    func arithmetic() {
        let moment = Timestamp(seconds: 100)
        #expect(moment + .milliseconds(1500) == Timestamp(nanoseconds: 101_500_000_000))
        #expect(moment - .seconds(101) == Timestamp(seconds: -1))
        #expect(moment - Timestamp(seconds: 98) == .seconds(2))
        #expect(Timestamp(seconds: 98) - moment == .seconds(-2))
        #expect(Timestamp(seconds: 98) < moment)
        #expect(Timestamp(nanoseconds: 1_500_000_000).seconds == 1.5)
    }

    @Test(
        "what would lie beyond the ends is held there",
        arguments: [
            (Timestamp.distantFuture + .seconds(1), Int64.max),
            (Timestamp(nanoseconds: .min) + .seconds(-1), .min),
            (Timestamp(nanoseconds: .min) - .seconds(1), .min),
            (Timestamp.distantFuture - .seconds(-1), .max),
            (Timestamp(seconds: 0) + .seconds(Int64.max), .max),
            (Timestamp(seconds: .max), .max),
            (Timestamp(seconds: .min), .min),
        ])
    func saturation(moment: Timestamp, nanoseconds: Int64) {
        #expect(moment.nanoseconds == nanoseconds)
    }

    @Test("the distance between the ends is the longest duration")
    func distance() {
        #expect(Timestamp.distantFuture - Timestamp(nanoseconds: .min) == .nanoseconds(Int64.max))
        #expect(Timestamp(nanoseconds: .min) - Timestamp.distantFuture == .nanoseconds(Int64.min))
    }

    @Test("a duration is counted in nanoseconds, held at the ends")
    func nanoseconds() {
        #expect(Duration.milliseconds(-1500).nanoseconds == -1_500_000_000)
        #expect(Duration.seconds(Int64.max).nanoseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.max).nanoseconds == .max)
        #expect(Duration.nanoseconds(Int64.min).nanoseconds == .min)
        #expect(Duration.milliseconds(-1500).inSeconds == -1.5)
    }
}
