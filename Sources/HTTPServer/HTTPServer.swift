import Locking

/// An HTTP/1.1 server for a handful of routes. It owes its clients little and itself a lot: nothing a client sends
/// stops it from answering the others, and what a client may use of it has limits.
public final class HTTPServer: Sendable {
    private let router: Router
    private let limits: HTTPServerLimits
    private let reaper: Reaper
    /// Whether the reaper's thread runs.
    private let isRunning = Lock(false)

    /// - Parameter fallback: answers the paths that no route has; without it they get 404.
    public init(
        routes: [Route], fallback: RequestHandler? = nil, limits: HTTPServerLimits = HTTPServerLimits()
    ) {
        self.limits = limits
        router = Router(routes: routes, fallback: fallback, fallbackBodyLimit: limits.fallbackBody)
        reaper = Reaper(limits)
    }

    deinit { reaper.requestStop(by: .now) }

    /// Listens, from the moment this returns; may be called again for further addresses.
    ///
    /// - Parameter identity: makes it TLS, 1.2 or later.
    @discardableResult
    public func start(
        _ address: ListenAddress, identity: ServerIdentity? = nil
    ) throws(HTTPServerError) -> BoundAddress {
        let listener = Listener(
            try ListeningSocket.open(address), router: router, deliveries: reaper.deliveries, identity: identity,
            limits: limits)
        guard listener.start(), startReaper() else {
            listener.stop()
            throw .cannotListen(address, reason: "the system gives no thread")
        }
        guard reaper.watch(listener) else {
            listener.stop()
            throw .stopped(address)
        }
        return BoundAddress(address: listener.address)
    }

    /// Sends new clients away, gives requests under way `grace` to be answered, and returns when every thread of the
    /// server has ended. Streams are finished at once, handlers that hold their answer beyond `grace` are cancelled.
    public func stop(grace: Duration = .seconds(5)) async {
        reaper.requestStop(by: .now + grace)
        guard isRunning.withLock({ $0 }) else { return }
        await reaper.waitUntilStopped()
    }

    private func startReaper() -> Bool {
        isRunning.withLock { isRunning in
            if !isRunning { isRunning = reaper.startThread() }
            return isRunning
        }
    }
}
