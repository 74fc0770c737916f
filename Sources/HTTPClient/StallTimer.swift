/// When a transfer has been silent for too long; libcurl itself bounds the time to connect.
struct StallTimer {
    typealias Instant = ContinuousClock.Instant

    private enum Phase {
        /// To `waiting`.
        case connecting
        /// To `receiving`.
        case waiting(until: Instant)
        /// To `paused`.
        case receiving(until: Instant)
        /// The consumer lags, which is not the server's fault. To `receiving`.
        case paused
    }

    private let firstByteTimeout: Duration
    private let idleTimeout: Duration
    private let minimumRate: Int?
    private var phase = Phase.connecting

    /// - Parameter minimumRate: bytes a second below which a response is silent; `nil`: any byte will do.
    init(firstByteTimeout: Duration, idleTimeout: Duration, minimumRate: Int? = nil) {
        self.firstByteTimeout = firstByteTimeout
        self.idleTimeout = idleTimeout
        self.minimumRate = minimumRate
    }

    /// When the transfer fails unless something happens; `nil`: never.
    var due: Instant? {
        switch phase {
        case .connecting, .paused: nil
        case .waiting(let until), .receiving(let until): until
        }
    }

    /// What it fails of when it is due.
    var failure: HTTPFailure {
        if case .waiting = phase { return HTTPFailure(.timeout, "no response within \(firstByteTimeout)") }
        return HTTPFailure(.idle, "the response stalled for \(idleTimeout)")
    }

    mutating func requestSent(at now: Instant) { phase = .waiting(until: now + firstByteTimeout) }

    mutating func received(_ bytes: Int, at now: Instant) {
        let full = now + idleTimeout
        guard let minimumRate, case .receiving(let until) = phase else { return phase = .receiving(until: full) }
        // A byte buys the time that it may take at the minimum rate, never more than the timeout.
        phase = .receiving(until: min(full, until + .seconds(bytes) / minimumRate))
    }

    mutating func paused() { phase = .paused }

    mutating func resumed(at now: Instant) {
        guard case .paused = phase else { return }
        phase = .receiving(until: now + idleTimeout)
    }
}
