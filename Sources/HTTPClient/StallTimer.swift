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
    private let limits: ResponseLimits
    private var phase = Phase.connecting
    /// When the response has taken too long, however lively it is.
    private var end: Instant?

    init(firstByteTimeout: Duration, idleTimeout: Duration, limits: ResponseLimits = ResponseLimits()) {
        self.firstByteTimeout = firstByteTimeout
        self.idleTimeout = idleTimeout
        self.limits = limits
    }

    /// When the transfer fails unless something happens; `nil`: never.
    var due: Instant? {
        switch phase {
        case .connecting: nil
        case .paused: end
        case .waiting(let until), .receiving(let until): end.map { min($0, until) } ?? until
        }
    }

    /// What it fails of when it is due.
    var failure: HTTPFailure {
        if case .waiting = phase { return HTTPFailure(.timeout, "no response within \(firstByteTimeout)") }
        if let end, due == end, let total = limits.total {
            return HTTPFailure(.idle, "the response took longer than \(total)")
        }
        return HTTPFailure(.idle, "the response stalled for \(idleTimeout)")
    }

    mutating func requestSent(at now: Instant) {
        phase = .waiting(until: now + firstByteTimeout)
        end = nil
    }

    mutating func received(_ bytes: Int, at now: Instant) {
        let full = now + idleTimeout
        if end == nil { end = limits.total.map { now + $0 } }
        guard let minimumRate = limits.minimumRate, case .receiving(let until) = phase else {
            return phase = .receiving(until: full)
        }
        // A byte buys the time that it may take at the minimum rate, never more than the timeout.
        phase = .receiving(until: min(full, until + .seconds(bytes) / minimumRate))
    }

    mutating func paused() { phase = .paused }

    mutating func resumed(at now: Instant) {
        guard case .paused = phase else { return }
        phase = .receiving(until: now + idleTimeout)
    }
}
