import Timestamps

/// Says when the projection is worth saying: a change must last, or be one for good.
struct OverrunWatch {
    static let interval = Duration.seconds(5)

    private(set) var told: Projection.Overrun?
    private(set) var due: Timestamp?
    /// Since when each look has shown another picture than was told.
    private var differsSince: Timestamp?

    /// It is looked at from now on.
    mutating func start(at now: Timestamp) { due = now }

    mutating func stop() { due = nil }

    /// Something is new that cannot wait: a verdict, another deadline.
    mutating func hasten(at now: Timestamp) { if due != nil { due = now } }

    /// What is to be told (`.some(nil)`: in time again); `nil`: nothing.
    mutating func looked(
        _ seen: Projection.Overrun?, timeLeft: Duration, at now: Timestamp
    ) -> Projection.Overrun?? {
        due = now + Self.interval
        guard isNews(seen) else {
            differsSince = nil
            return nil
        }
        // One odd look is no news while there is time for another. What is for good, and the end of it, is known.
        let isCertain = seen == .never || told == .never || timeLeft < Self.interval * 2
        let since = differsSince ?? now
        differsSince = since
        guard isCertain || now - since >= Self.interval else { return nil }
        differsSince = nil
        told = seen
        return .some(seen)
    }

    private func isNews(_ seen: Projection.Overrun?) -> Bool {
        switch (told, seen) {
        case (nil, nil), (.never, .never): false
        case (.by(let old), .by(let new)):
            (new > old ? new - old : old - new) > max(.seconds(1), old / 10)
        case (nil, .by(let new)): new >= .seconds(1)
        case (nil, .never), (.by, nil), (.by, .never), (.never, nil), (.never, .by): true
        }
    }
}
