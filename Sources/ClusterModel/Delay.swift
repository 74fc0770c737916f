import SeededRandom
internal import Timestamps

/// How long something in the model takes.
public enum Delay: Sendable, Equatable {
    case after(Duration)
    /// Drawn evenly from the model's generator, each time anew.
    case between(Duration, Duration)
    case never

    /// `nil`: it never happens.
    func draw(_ random: inout SplitMix64) -> Duration? {
        switch self {
        case .after(let duration): return duration
        case .never: return nil
        case .between(let shortest, let longest):
            let (low, high) = (shortest.nanoseconds, longest.nanoseconds)
            guard high > low else { return shortest }
            return .nanoseconds(low + Int64(random.next() % UInt64(high - low + 1)))
        }
    }
}
