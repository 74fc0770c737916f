import Glibc
import Synchronization

/// Where a program's moments come from; a test passes its own.
public struct TimeSource: Sendable {
    public var now: @Sendable () -> Timestamp
    /// Takes the wall clock's word again: between two drains, never in one.
    public var reanchor: @Sendable () -> Void

    public init(now: @escaping @Sendable () -> Timestamp, reanchor: @escaping @Sendable () -> Void = {}) {
        self.now = now
        self.reanchor = reanchor
    }

    /// Wall-clock time as it was when this was called, or last told to `reanchor`, advanced by a clock that nobody sets:
    /// a drain's durations survive a step of the wall clock in the middle of it.
    public static func anchored() -> TimeSource {
        anchored(wall: { read(CLOCK_REALTIME) }, steady: { read(CLOCK_MONOTONIC) })
    }

    /// `wall` and `steady`: nanoseconds.
    static func anchored(
        wall: @escaping @Sendable () -> Int64, steady: @escaping @Sendable () -> Int64
    ) -> TimeSource {
        let anchor = Anchor(wall() - steady())
        return TimeSource(
            now: { Timestamp(nanoseconds: anchor.offset.load(ordering: .relaxed) + steady()) },
            reanchor: { anchor.offset.store(wall() - steady(), ordering: .relaxed) })
    }

    /// What the wall clock is ahead of the steady one.
    private final class Anchor: Sendable {
        let offset: Atomic<Int64>

        init(_ offset: Int64) { self.offset = Atomic(offset) }
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
