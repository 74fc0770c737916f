import HTTPServer
import Locking
import Testing
import Timestamps

@testable import DrainAgent

@Suite(.timeLimit(.minutes(2))) struct LingerTests {
    private let clock: Lock<Timestamp>
    private let linger: Linger

    init() {
        let clock = Lock(Timestamp(seconds: 1_800_000_000))
        self.clock = clock
        linger = Linger(time: TimeSource { clock.withLock { $0 } })
    }

    private func begins(_ address: String = "10.0.0.1", _ headers: [(String, String)] = []) -> Scrapers.Scrape {
        linger.scrapeBegins(
            HTTPServerRequest(method: "GET", path: "/metrics", headers: headers, peer: .tcp(address: address)))
    }

    private func pass(_ duration: Duration) { clock.withLock { $0 = $0 + duration } }

    @Test("who was never scraped waits for nobody")
    func noScraper() async {
        linger.drainEnded()
        #expect(linger.expected.isEmpty)
        await linger.wait()
    }

    @Test("a scrape that was cut off is none")
    func cutOff() {
        _ = begins()
        linger.drainEnded()
        #expect(linger.expected.isEmpty)
    }

    @Test("a scrape begun before the end and delivered after it does not show the end")
    func begunBefore() {
        let early = begins()
        linger.drainEnded()
        linger.delivered(early)
        #expect(linger.expected == ["10.0.0.1"])
    }

    @Test("a scrape begun after the end, and delivered, ends the wait")
    func shown() async {
        linger.delivered(begins())
        linger.drainEnded()
        #expect(linger.expected == ["10.0.0.1"])
        async let waited: Void = linger.wait()
        linger.delivered(begins())
        await waited
        #expect(linger.expected.isEmpty)
    }

    @Test("with two scrapers both are waited for, whoever comes first")
    func both() async {
        linger.delivered(begins("a"))
        linger.delivered(begins("b"))
        linger.drainEnded()
        async let waited: Void = linger.wait()
        linger.delivered(begins("b"))
        #expect(linger.expected == ["a"])
        linger.delivered(begins("a"))
        await waited
    }

    @Test("who is not seen for three intervals holds nobody up")
    func gone() async {
        linger.delivered(begins())
        pass(.seconds(10))
        linger.delivered(begins())
        linger.drainEnded()
        pass(.seconds(29))
        #expect(linger.expected == ["10.0.0.1"])
        pass(.seconds(2))
        #expect(linger.expected.isEmpty)
        await linger.wait()
    }

    @Test("the header by which Prometheus says when it gives up is read, and nonsense in it is none")
    func timeoutHeader() {
        func timeout(_ value: String) -> Duration? {
            begins("a", [("X-Prometheus-Scrape-Timeout-Seconds", value)]).timeout
        }
        #expect(timeout("10.000000") == .seconds(10))
        for value in ["", "x", "nan", "inf", "-1", "0"] { #expect(timeout(value) == nil, "\(value)") }
        #expect(timeout("1e300") == .seconds(3600))
    }

    @Test("enough waited ends it, before the wait and in it")
    func finished() async {
        linger.delivered(begins())
        linger.drainEnded()
        async let waited: Void = linger.wait()
        linger.finish()
        await waited
        await linger.wait()
        #expect(linger.expected.isEmpty)
    }
}
