/// Whether a client is still there and how long it has been at what it is doing. Pure: the time and the socket's
/// progress are arguments.
struct ConnectionClock: Equatable {
    typealias Instant = ContinuousClock.Instant

    private enum Activity: Equatable {
        /// Nothing of a request has come. `received` is the count of bytes that this is judged from, once known.
        case idle(since: Instant, received: UInt64?)
        /// Drips count from the first byte, so a drip cannot buy time.
        case requesting(since: Instant)
        /// It is our turn.
        case waiting
        case responding(since: Instant, acknowledged: UInt64?, isStream: Bool)
    }

    private var activity: Activity
    /// As the last look found it; a new activity starts afresh.
    private var hadDeparted = false

    /// A new connection owes a request.
    init(acceptedAt now: Instant) { activity = .requesting(since: now) }

    mutating func requestBegan(at now: Instant) {
        guard case .idle = activity else { return }
        activity = .requesting(since: now)
        hadDeparted = false
    }

    mutating func requestIsWhole() { activity = .waiting }

    mutating func responseBegan(at now: Instant, isStream: Bool) {
        activity = .responding(since: now, acknowledged: nil, isStream: isStream)
    }

    mutating func responseEnded(at now: Instant) {
        activity = .idle(since: now, received: nil)
        hadDeparted = false
    }

    /// Takes notice of the socket's progress and says whether the connection is to be cut: the client has used up its
    /// time, or has departed where MHD does not see it.
    ///
    /// MHD misses a farewell that comes together with other bytes. While it may still be reading those, the farewell
    /// counts at the second look.
    mutating func isOver(_ progress: SocketProgress, at now: Instant, _ limits: HTTPServerLimits) -> Bool {
        let isForgotten = progress.hasDeparted && hadDeparted
        hadDeparted = progress.hasDeparted
        switch activity {
        case .waiting:
            // Suspended, so MHD does not read.
            return progress.hasDeparted
        case .requesting(let since):
            return isForgotten || now - since > limits.requestTime
        case .idle(let since, let received):
            if let received, progress.received > received {
                activity = .requesting(since: now)
                return false
            }
            activity = .idle(since: since, received: progress.received)
            return isForgotten || now - since > limits.idleTime
        case .responding(let since, let acknowledged, let isStream):
            // A stream that waits for a push is suspended too.
            if isStream, progress.hasDeparted { return true }
            guard progress.unacknowledged != 0, acknowledged == progress.acknowledged else {
                activity = .responding(since: now, acknowledged: progress.acknowledged, isStream: isStream)
                return false
            }
            return now - since > limits.responseStallTime
        }
    }
}
