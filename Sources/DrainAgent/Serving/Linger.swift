import HTTPServer
import Locking
import Timestamps

/// Stays until all who scrape have fetched how it ended.
final class Linger: Sendable {
    private struct State {
        var hasEnded = false
        var isDone = false
        var scrapers = Scrapers()
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())
    private let time: TimeSource

    init(time: TimeSource) { self.time = time }

    func scrapeBegins(_ request: HTTPServerRequest) -> Scrapers.Scrape {
        let address =
            switch request.peer {
            case .tcp(let address): address
            case .unix: "unix"
            }
        let timeout = request.header("x-prometheus-scrape-timeout-seconds").flatMap(Double.init)
            .flatMap { $0.isFinite && $0 > 0 ? Duration.seconds(min($0, 3600)) : nil }
        return Scrapers.Scrape(
            address: address, began: time.now(), timeout: timeout, showsTheEnd: state.withLock { $0.hasEnded })
    }

    func delivered(_ scrape: Scrapers.Scrape) {
        let now = time.now()
        let isOver = state.withLock { state -> Bool in
            state.scrapers.delivered(scrape, at: now)
            return state.hasEnded && state.scrapers.expected(at: now).isEmpty
        }
        if isOver { finish() }
    }

    /// The outcome is in the metrics from now on.
    func drainEnded() { state.withLock { $0.hasEnded = true } }

    /// Who has not fetched the end and will.
    var expected: [String] {
        let now = time.now()
        return state.withLock { $0.isDone ? [] : $0.scrapers.expected(at: now) }
    }

    /// Until all of them have, or are taken for gone, or `finish` is called.
    func wait() async {
        let patience = Task {
            while !Task.isCancelled, let moment = expectedUntil { await pause(for: moment - time.now()) }
            if !Task.isCancelled { finish() }
        }
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state -> Bool in
                if !state.isDone { state.waiter = continuation }
                return state.isDone
            }
            if isDone { continuation.resume() }
        }
        patience.cancel()
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

    private var expectedUntil: Timestamp? {
        let now = time.now()
        return state.withLock { $0.scrapers.expectedUntil(at: now) }
    }
}
