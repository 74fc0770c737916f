import Testing
import Timestamps

@Suite("RFC 3339")
struct RFC3339Tests {
    @Test(
        "a moment is read to the nanosecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999999999Z", -1),
            ("2026-11-22T15:57:51Z", 1_795_363_071_000_000_000),
            ("2026-11-22T15:57:51.000000Z", 1_795_363_071_000_000_000),
            ("2026-11-22T15:57:51.5Z", 1_795_363_071_500_000_000),
            ("2026-11-22t15:57:51.123456789z", 1_795_363_071_123_456_789),
            ("2026-11-22T15:57:51.1234567899999Z", 1_795_363_071_123_456_789),
            ("2026-11-22T17:57:51+02:00", 1_795_363_071_000_000_000),
            ("2026-11-22T10:27:51-05:30", 1_795_363_071_000_000_000),
            ("2026-11-22T15:57:51-00:00", 1_795_363_071_000_000_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000_000_000),
            ("1900-03-01T00:00:00Z", -2_203_891_200_000_000_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
            ("2262-04-11T23:47:16.854775807Z", .max),
            ("1677-09-21T00:12:43.145224192Z", -9_223_372_036_854_775_808),
        ] as [(String, Int64)])
    func reads(text: String, nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "a moment beyond what nanoseconds can count is held at the end",
        arguments: [
            ("0001-01-01T00:00:00Z", Int64.min), ("0000-01-01T00:00:00Z", .min), ("1677-09-21T00:12:42Z", .min),
            ("2262-04-11T23:47:16.854775808Z", .max), ("2262-04-11T23:47:17Z", .max), ("9999-12-31T23:59:59Z", .max),
        ])
    func holds(text: String, nanoseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.nanoseconds == nanoseconds)
    }

    @Test(
        "what is not RFC 3339 is refused",
        arguments: [
            "", "now", "2026", "2026-11-22", "2026-11-22 15:57:51Z", "2026-11-22T15:57:51", "2026-11-22T15:57Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z", "2026-01-01T00:00:00+2:00",
            "2026-01-01T00:00:00+0200", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+00:60",
            "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z", "2026-01-01T00:00:00ZZ", "-026-01-01T00:00:00Z",
            "+2026-01-01T00:00:00Z", "26-01-01T00:00:00Z", "２０２６-01-01T00:00:00Z", "2026-01-01T00:00:00Z\0",
        ])
    func refuses(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(
        "a moment is written in UTC, its fraction cut",
        arguments: [
            (0, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"),
            (1_795_363_071_999_999_999, "2026-11-22T15:57:51Z", "2026-11-22T15:57:51.999999Z"),
            (1_795_363_071_000_001_000, "2026-11-22T15:57:51Z", "2026-11-22T15:57:51.000001Z"),
            (-1, "1969-12-31T23:59:59Z", "1969-12-31T23:59:59.999999Z"),
            (Int64.max, "2262-04-11T23:47:16Z", "2262-04-11T23:47:16.854775Z"),
            (Int64.min, "1677-09-21T00:12:43Z", "1677-09-21T00:12:43.145224Z"),
        ] as [(Int64, String, String)])
    func writes(nanoseconds: Int64, whole: String, micro: String) {
        let moment = Timestamp(nanoseconds: nanoseconds)
        #expect(moment.rfc3339() == whole)
        #expect(moment.rfc3339(.microseconds) == micro)
    }

    @Test("what is written is read back, on every day from 1700 to 2250")
    func roundTrip() {
        let first: Int64 = -98_615
        let last: Int64 = 102_500
        let wrong = (first...last).filter { day in
            let moment = Timestamp(seconds: day * 86_400 + (day & 0xFFFF))
            return Timestamp(rfc3339: moment.rfc3339()) != moment
        }
        #expect(wrong == [])
    }
}
