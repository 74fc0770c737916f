/// How long to wait before asking again: full jitter over a bound that doubles.
public struct Backoff: Sendable, Equatable {
    public var base: Duration
    public var cap: Duration

    public init(base: Duration = .milliseconds(100), cap: Duration = .seconds(20)) {
        self.base = base
        self.cap = cap
    }

    /// A delay in `0 ..< min(cap, base × 2^step)`; `step` counts from 0.
    public func delay(step: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let bound = min(cap, base * (1 << min(max(step, 0), 30)))
        guard bound > .zero else { return .zero }
        return bound * Double.random(in: 0..<1, using: &random)
    }
}
