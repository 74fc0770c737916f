/// A moment: nanoseconds since the Unix epoch, UTC.
public struct Timestamp: Sendable, Hashable, Comparable {
    public var nanoseconds: Int64

    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// Held at the ends of what nanoseconds can count: 292 years either way.
    public init(seconds: Int64) { nanoseconds = Duration.seconds(seconds).nanoseconds }

    /// The farthest moment: what "never" compares as.
    public static let distantFuture = Timestamp(nanoseconds: .max)

    /// Seconds since the epoch, as Prometheus wants its timestamps.
    public var seconds: Double {
        // Split first: today's nanoseconds need more bits than a Double has.
        let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Double(whole) + Double(rest) / 1e9
    }

    public static func < (a: Timestamp, b: Timestamp) -> Bool { a.nanoseconds < b.nanoseconds }

    /// The sum, held at `distantFuture` when it would lie beyond.
    public static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = moment.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        guard overflow else { return Timestamp(nanoseconds: sum) }
        return Timestamp(nanoseconds: duration.nanoseconds > 0 ? .max : .min)
    }

    /// The difference, held at the ends like the sum.
    public static func - (moment: Timestamp, duration: Duration) -> Timestamp {
        let (difference, overflow) = moment.nanoseconds.subtractingReportingOverflow(duration.nanoseconds)
        guard overflow else { return Timestamp(nanoseconds: difference) }
        return Timestamp(nanoseconds: duration.nanoseconds > 0 ? .min : .max)
    }

    public static func - (a: Timestamp, b: Timestamp) -> Duration {
        let (difference, overflow) = a.nanoseconds.subtractingReportingOverflow(b.nanoseconds)
        return .nanoseconds(overflow ? (a.nanoseconds > b.nanoseconds ? .max : .min) : difference)
    }
}

extension Duration {
    /// Whole nanoseconds, held at the ends of `Int64` (292 years).
    public var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds > 0 ? .max : .min }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds > 0 ? .max : .min) : sum
    }

    /// Seconds as a floating-point number.
    public var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
