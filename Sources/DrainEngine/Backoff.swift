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

/// SplitMix64: small, fast and repeatable, so that a drain is a function of its seed and its inputs.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
