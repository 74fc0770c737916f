import Glibc

/// Where a program's moments come from; a test passes its own.
public struct TimeSource: Sendable {
    public var now: @Sendable () -> Timestamp

    public init(now: @escaping @Sendable () -> Timestamp) { self.now = now }

    /// Wall-clock time as it was when this was called, advanced by a clock that nobody sets: a drain's durations
    /// survive a step of the wall clock in the middle of it.
    public static func anchored() -> TimeSource {
        let start = read(CLOCK_REALTIME)
        let anchor = read(CLOCK_MONOTONIC)
        return TimeSource { Timestamp(nanoseconds: start + read(CLOCK_MONOTONIC) - anchor) }
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
