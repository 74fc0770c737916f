import Testing
import Timestamps

@Suite("Go durations")
struct GoDurationTests {
    @Test(
        "what Go's ParseDuration reads is read to the nanosecond",
        arguments: [
            ("0", 0), ("+0", 0), ("-0", 0), ("0s", 0), ("5s", 5_000_000_000), ("30s", 30_000_000_000),
            ("1478s", 1_478_000_000_000), ("-5s", -5_000_000_000), ("+5s", 5_000_000_000), ("5.0s", 5_000_000_000),
            ("5.6s", 5_600_000_000), ("5.s", 5_000_000_000), (".5s", 500_000_000), ("1.004s", 1_004_000_000),
            ("1.0040s", 1_004_000_000), ("100.00100s", 100_001_000_000), ("10ns", 10), ("11us", 11_000),
            ("12µs", 12_000), ("12μs", 12_000), ("13ms", 13_000_000), ("14s", 14_000_000_000),
            ("15m", 900_000_000_000), ("16h", 57_600_000_000_000), ("3h30m", 12_600_000_000_000),
            ("10.5s4m", 250_500_000_000), ("-2m3.4s", -123_400_000_000), ("1h2m3s4ms5us6ns", 3_723_004_005_006),
            ("39h9m14.425s", 140_954_425_000_000), ("52763797000ns", 52_763_797_000),
            ("0.3333333333333333333h", 1_200_000_000_000), ("9007199254740993ns", 9_007_199_254_740_993),
            ("9223372036854775807ns", .max), ("9223372036854775.807us", .max), ("-9223372036854775808ns", .min),
            ("2562047h47m16.854775807s", .max), ("0.100000000000000000000h", 360_000_000_000),
            ("0.830103483285477580700h", 2_988_372_539_827),
        ] as [(String, Int64)])
    func reads(text: String, nanoseconds: Int64) {
        #expect(GoDuration.parse(text) == .nanoseconds(nanoseconds))
    }

    @Test(
        "what Go refuses is refused",
        arguments: [
            "", "3", "-", "s", ".", "-.", ".s", "+.s", "1d", "1 s", " 1s", "1s ", "1h-5m", "--1s", "1.2.3s", "1e3s",
            "3000000h", "9223372036854775808ns", "-9223372036854775809ns", "9223372036854775.808us",
            "9223372036854ms775us808ns", "99999999999999999999s", "∞s", "１s", "0x5s", "5S", "5sec", "00",
        ])
    func refuses(text: String) {
        #expect(GoDuration.parse(text) == nil)
    }

    @Test(
        "a duration is written as Go writes it, to the millisecond",
        arguments: [
            (.zero, "0s"), (.nanoseconds(999_999), "0s"), (.milliseconds(1), "1ms"), (.milliseconds(300), "300ms"),
            (.milliseconds(1250), "1.25s"), (.seconds(20), "20s"), (.milliseconds(20_001), "20.001s"),
            (.seconds(60), "1m0s"), (.seconds(90), "1m30s"), (.seconds(3900), "1h5m0s"), (.seconds(3600), "1h0m0s"),
            (.seconds(90_061), "25h1m1s"), (.seconds(-90), "-1m30s"), (.milliseconds(-300), "-300ms"),
            (.nanoseconds(Int64.max), "2562047h47m16.854s"), (.nanoseconds(Int64.min), "-2562047h47m16.854s"),
        ] as [(Duration, String)])
    func writes(duration: Duration, text: String) {
        #expect(GoDuration.format(duration) == text)
    }

    @Test("what is written is read back")
    func roundTrip() {
        let durations = (0..<2000).map { Duration.milliseconds($0 * $0 * 7919) }
        #expect(durations.filter { GoDuration.parse(GoDuration.format($0)) != $0 } == [])
    }
}
