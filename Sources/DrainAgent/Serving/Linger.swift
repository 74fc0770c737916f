import Locking

/// Stays until somebody has fetched how it ended, if anybody ever fetched anything.
final class Linger: Sendable {
    private struct State {
        var hasEnded = false
        var everScraped = false
        var isDone = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// A scrape, and whether the end was in it.
    struct Scrape: Sendable { fileprivate var showsTheEnd: Bool }

    private let state = Lock(State())

    func scrapeBegins() -> Scrape { state.withLock { Scrape(showsTheEnd: $0.hasEnded) } }

    func delivered(_ scrape: Scrape) {
        state.withLock { $0.everScraped = true }
        if scrape.showsTheEnd { finish() }
    }

    /// The outcome is in the metrics from now on.
    func drainEnded() { state.withLock { $0.hasEnded = true } }

    /// Whether waiting makes sense.
    var expectsScrape: Bool { state.withLock { $0.everScraped && !$0.isDone } }

    /// Until a scrape with the end in it has been fetched, or `finish` is called.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state -> Bool in
                if !state.isDone { state.waiter = continuation }
                return state.isDone
            }
            if isDone { continuation.resume() }
        }
    }

    /// Enough waited.
    func finish() {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.isDone = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
