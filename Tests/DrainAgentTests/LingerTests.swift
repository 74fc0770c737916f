import Testing

@testable import DrainAgent

@Suite(.timeLimit(.minutes(2))) struct LingerTests {
    @Test("who was never scraped waits for nobody")
    func noScraper() {
        let linger = Linger()
        linger.drainEnded()
        #expect(!linger.expectsScrape)
    }

    @Test("a scrape that was cut off is none")
    func cutOff() {
        let linger = Linger()
        _ = linger.scrapeBegins()
        linger.drainEnded()
        #expect(!linger.expectsScrape)
    }

    @Test("a scrape begun before the end and delivered after it does not show the end")
    func begunBefore() {
        let linger = Linger()
        let early = linger.scrapeBegins()
        linger.drainEnded()
        linger.delivered(early)
        #expect(linger.expectsScrape)
    }

    @Test("a scrape begun after the end, and delivered, ends the wait")
    func shown() async {
        let linger = Linger()
        linger.delivered(linger.scrapeBegins())
        linger.drainEnded()
        #expect(linger.expectsScrape)
        async let waited: Void = linger.wait()
        linger.delivered(linger.scrapeBegins())
        await waited
        #expect(!linger.expectsScrape)
    }

    @Test("enough waited ends it, before the wait and in it")
    func finished() async {
        let linger = Linger()
        linger.delivered(linger.scrapeBegins())
        linger.drainEnded()
        async let waited: Void = linger.wait()
        linger.finish()
        await waited
        await linger.wait()
        #expect(!linger.expectsScrape)
    }
}
