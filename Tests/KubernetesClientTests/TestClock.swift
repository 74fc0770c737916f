import Locking
import Timestamps

/// Time that moves when a test says so.
final class TestClock: Sendable {
    static let start = Timestamp(seconds: 1_800_000_000)
    private let moment = Lock(start)

    var source: TimeSource { TimeSource { [self] in moment.withLock { $0 } } }

    func advance(_ duration: Duration) { moment.withLock { $0 = $0 + duration } }
}
