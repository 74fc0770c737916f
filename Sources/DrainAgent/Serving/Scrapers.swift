import Timestamps

/// Who fetches /metrics, how often, and whether they have what they must have before we go. Times are arguments.
///
/// A scraper is known by its address, from its first scrape that was delivered whole. Its interval is the longest of its
/// last few gaps. One that says by X-Prometheus-Scrape-Timeout-Seconds that it is a scraper is taken to come each minute,
/// Prometheus' default, until there are two gaps: behind one address may be a pair, whose first gap says only how far
/// they are apart. Who does not say so may be a person, and is expected once more within a minute.
struct Scrapers: Sendable {
    /// A scrape while it is answered.
    struct Scrape: Sendable, Equatable {
        var address: String
        var began: Timestamp
        /// When the other side gives up; `nil`: not said.
        var timeout: Duration?
        /// The outcome is in it.
        var showsTheEnd: Bool
    }

    private struct Scraper {
        var lastSeen: Timestamp
        var gaps: [Duration] = []
        var saysItIsOne: Bool
        var hasTheEnd: Bool

        /// It has gone for good if it was not seen by then.
        var expectedBy: Timestamp {
            if let interval = gaps.max(), gaps.count > 1 || !saysItIsOne {
                return lastSeen + max(interval, Scrapers.shortestInterval) * 3
            }
            return lastSeen + Scrapers.usualInterval * (saysItIsOne ? 3 : 1)
        }
    }

    static let usualInterval: Duration = .seconds(60)
    /// Who hurries more is a loop in a shell, and not gone because it took a breath.
    static let shortestInterval: Duration = .seconds(5)
    /// Prometheus looks back so far: who comes less often comes by chance.
    static let longestInterval: Duration = .seconds(300)
    private static let gapsKept = 3
    private static let limit = 64

    private var scrapers: [String: Scraper] = [:]

    /// It was delivered whole; nobody may have waited for it.
    mutating func delivered(_ scrape: Scrape, at now: Timestamp) {
        if let timeout = scrape.timeout, now - scrape.began > timeout { return }
        var scraper =
            scrapers[scrape.address] ?? Scraper(lastSeen: scrape.began, saysItIsOne: false, hasTheEnd: false)
        let gap = scrape.began - scraper.lastSeen
        switch gap {
        case ...Duration.zero: break
        case ...Self.longestInterval: scraper.gaps = (scraper.gaps + [gap]).suffix(Self.gapsKept)
        default: scraper.gaps = []
        }
        scraper.lastSeen = max(scraper.lastSeen, scrape.began)
        scraper.saysItIsOne = scraper.saysItIsOne || scrape.timeout != nil
        scraper.hasTheEnd = scraper.hasTheEnd || scrape.showsTheEnd
        scrapers[scrape.address] = scraper
        forgetOne()
    }

    /// Those that are alive and have not fetched the end, by address.
    func expected(at now: Timestamp) -> [String] {
        scrapers.filter { !$0.value.hasTheEnd && $0.value.expectedBy > now }.keys.sorted()
    }

    /// When the last of them will be taken for gone; `nil`: nobody is expected.
    func expectedUntil(at now: Timestamp) -> Timestamp? {
        scrapers.values.filter { !$0.hasTheEnd }.map(\.expectedBy).filter { $0 > now }.max()
    }

    /// Whoever asks from ever new addresses costs no more than this.
    private mutating func forgetOne() {
        guard scrapers.count > Self.limit else { return }
        let oldest = scrapers.min { ($0.value.lastSeen, $0.key) < ($1.value.lastSeen, $1.key) }
        if let oldest { scrapers[oldest.key] = nil }
    }
}
