/// How long a client has been at what it is doing. Pure: the time and the socket's progress are arguments.
struct ConnectionClock: Equatable {
    typealias Instant = ContinuousClock.Instant

    private enum Activity: Equatable {
        /// Nothing of a request has come. `received` is the count of bytes that this is judged from, once known.
        case idle(since: Instant, received: UInt64?)
        /// Drips count from the first byte, so a drip cannot buy time.
        case requesting(since: Instant)
        /// It is our turn.
        case waiting
        case responding(since: Instant, acknowledged: UInt64?)
    }

    private var activity: Activity

    /// A new connection owes a request.
    init(acceptedAt now: Instant) { activity = .requesting(since: now) }

    mutating func requestBegan(at now: Instant) {
        guard case .idle = activity else { return }
        activity = .requesting(since: now)
    }

    mutating func requestIsWhole() { activity = .waiting }

    mutating func responseBegan(at now: Instant) { activity = .responding(since: now, acknowledged: nil) }

    mutating func responseEnded(at now: Instant) { activity = .idle(since: now, received: nil) }

    /// Takes notice of the socket's progress and says whether the client has used up its time.
    mutating func isOverdue(_ progress: SocketProgress, at now: Instant, _ limits: HTTPServerLimits) -> Bool {
        switch activity {
        case .waiting:
            return false
        case .requesting(let since):
            return now - since > limits.requestTime
        case .idle(let since, let received):
            if let received, progress.received > received {
                activity = .requesting(since: now)
                return false
            }
            activity = .idle(since: since, received: progress.received)
            return now - since > limits.idleTime
        case .responding(let since, let acknowledged):
            guard progress.unacknowledged != 0, acknowledged == progress.acknowledged else {
                activity = .responding(since: now, acknowledged: progress.acknowledged)
                return false
            }
            return now - since > limits.responseStallTime
        }
    }
}
