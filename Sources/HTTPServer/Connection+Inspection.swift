import Locking

/// What the reaper does with a connection.
extension Connection {
    /// A request is under way: a graceful stop waits for it.
    var isBusy: Bool {
        state.withLock { state in
            switch state.turn {
            case .client: state.request != nil
            case .held, .answered, .responding: true
            case .lost: false
            }
        }
    }

    /// Cuts the client off if it has departed or used up its time.
    func inspect(at now: ContinuousClock.Instant, _ limits: HTTPServerLimits) {
        let isOver = state.withLock { state in
            guard let socket = state.socket else { return false }
            return state.clock.isOver(SocketProgress(of: socket), at: now, limits)
        }
        if isOver { cut() } else { stream?.beat(at: now) }
    }

    /// The server stops: streams would not end by themselves.
    func finishStream() { stream?.finish() }

    /// The server stops and waits no longer.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        cut()
    }

    private var stream: ResponseStream? {
        state.withLock { state in
            guard case .responding(let response) = state.turn, case .stream(let stream) = response.body else {
                return nil
            }
            return stream
        }
    }
}
