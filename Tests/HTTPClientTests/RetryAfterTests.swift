import HTTPClient
import Testing
import Timestamps

@Suite("Retry-After")
struct RetryAfterTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT
    private static let now = Timestamp(seconds: 784_111_777)

    @Test(
        "seconds or a date are a duration",
        arguments: [
            ("0", .zero), ("1", .seconds(1)), ("32", .seconds(32)), ("9223372036854775807", .seconds(Int64.max)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)), ("Sun, 06 Nov 1994 08:49:27 GMT", .zero),
            ("Fri, 01 Jan 2100 00:00:00 GMT", .seconds(4_102_444_800 - 784_111_777)),
            ("", nil), ("soon", nil), ("-1", nil), ("1.5", nil), ("99999999999999999999", nil), ("1 s", nil),
            ("Sun, 06 Foo 1994 08:49:47 GMT", nil), ("Sun, 06 Nov 1994 08:49:47 CET", nil),
            ("Sun, 31 Nov 1994 08:49:47 GMT", nil), ("Sun, 06 Nov 1994 GMT", nil),
        ] as [(String, Duration?)])
    func values(value: String, duration: Duration?) {
        #expect(RetryAfter.duration(HTTPHeaders([(name: "retry-after", value: value)]), now: Self.now) == duration)
    }

    @Test("a date counts from the server's own clock")
    func serverClock() {
        let headers = HTTPHeaders([
            (name: "Date", value: "Sun, 06 Nov 1994 08:00:00 GMT"),
            (name: "Retry-After", value: "Sun, 06 Nov 1994 08:00:07 GMT"),
        ])
        #expect(RetryAfter.duration(headers, now: Self.now) == .seconds(7))
    }

    @Test("no header, no wish")
    func none() { #expect(RetryAfter.duration(HTTPHeaders(), now: Self.now) == nil) }
}
