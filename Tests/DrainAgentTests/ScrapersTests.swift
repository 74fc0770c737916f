import Testing
import Timestamps

@testable import DrainAgent

@Suite("Scrapers: who is to be waited for") struct ScrapersTests {
    private var scrapers = Scrapers()

    private func moment(_ seconds: Double) -> Timestamp { Timestamp(seconds: 1_800_000_000) + .seconds(seconds) }

    private mutating func scrape(
        _ address: String = "10.0.0.1", at seconds: Double, took: Double = 0.01, timeout: Double? = nil,
        end: Bool = false
    ) {
        scrapers.delivered(
            Scrapers.Scrape(
                address: address, began: moment(seconds), timeout: timeout.map { .seconds($0) }, showsTheEnd: end),
            at: moment(seconds + took))
    }

    private func until(_ seconds: Double) -> Double? {
        scrapers.expectedUntil(at: moment(seconds)).map { ($0 - moment(0)).inSeconds.rounded() }
    }

    @Test("who was never scraped waits for nobody")
    func nobody() {
        #expect(until(0) == nil)
        #expect(scrapers.expected(at: moment(0)).isEmpty)
    }

    @Test("a scraper is alive for three of its intervals, and expected until then")
    mutating func interval() {
        scrape(at: 0)
        scrape(at: 15)
        #expect(until(16) == 60)
        #expect(scrapers.expected(at: moment(59)) == ["10.0.0.1"])
        #expect(scrapers.expected(at: moment(61)).isEmpty)
    }

    @Test("the interval is the longest of the last three gaps: a hurried scrape does not make it shorter")
    mutating func longestGap() {
        for seconds in [0.0, 100, 115, 130, 132] { scrape(at: seconds) }
        #expect(until(132) == 177)
        scrape(at: 147)
        scrape(at: 149)
        #expect(until(149) == 194)
    }

    @Test("one scrape by a person is followed by another within a minute, or by none")
    mutating func person() {
        scrape(at: 0)
        #expect(until(1) == 60)
        #expect(until(61) == nil)
    }

    @Test("one scrape by who says that it is a scraper is one of many, a minute apart")
    mutating func declared() {
        scrape(at: 0, timeout: 10)
        #expect(until(1) == 180)
    }

    @Test("the first gap between a pair of scrapers behind one address is not their interval")
    mutating func pair() {
        scrape(at: 0, timeout: 10)
        scrape(at: 0.02, timeout: 10)
        #expect(until(1) == 180)
        scrape(at: 15, timeout: 10)
        #expect(until(16) == 60)
        scrape(at: 15.02, timeout: 10)
        #expect(until(16) == 60)
    }

    @Test("who comes back after a long time has no interval")
    mutating func chance() {
        scrape(at: 0)
        scrape(at: 4000)
        #expect(until(4001) == 4060)
        scrape(at: 4010)
        #expect(until(4011) == 4040)
    }

    @Test("who has the end is expected no more, and stays so")
    mutating func served() {
        scrape(at: 0)
        scrape(at: 15)
        scrape(at: 30, end: true)
        #expect(until(30) == nil)
        scrape(at: 45)
        #expect(until(45) == nil)
    }

    @Test("each of several must have it")
    mutating func several() {
        for seconds in [0.0, 15] {
            scrape("a", at: seconds)
            scrape("b", at: seconds + 1)
        }
        scrape("a", at: 30, end: true)
        #expect(scrapers.expected(at: moment(31)) == ["b"])
        #expect(until(31) == 61)
        scrape("b", at: 31, end: true)
        #expect(until(31.5) == nil)
    }

    @Test("an answer that came after the scraper's own timeout was thrown away there")
    mutating func timeout() {
        scrape(at: 0, timeout: 10)
        scrape(at: 15, took: 10.5, timeout: 10, end: true)
        #expect(scrapers.expected(at: moment(26)) == ["10.0.0.1"])
        scrape(at: 30, took: 9.5, timeout: 10, end: true)
        #expect(scrapers.expected(at: moment(40)).isEmpty)
    }

    @Test("two scrapes that overlap have no gap between them")
    mutating func overlapping() {
        scrape(at: 5)
        scrape(at: 2)
        #expect(until(6) == 65)
    }

    @Test("ever new addresses push out those that were seen longest ago, and no more than 64 are kept")
    mutating func flood() {
        for index in 0..<1000 { scrape("10.0.\(index / 256).\(index % 256)", at: Double(index) / 100) }
        let expected = scrapers.expected(at: moment(10))
        #expect(expected.count == 64)
        #expect(expected.contains("10.0.3.231") && !expected.contains("10.0.0.0"))
    }
}
