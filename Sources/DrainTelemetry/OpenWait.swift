import DrainEngine
import Timestamps

/// A wait that lasts, cut into segments: each is told when it is full, so that a stuck wait shows while it is stuck.
struct OpenWait {
    static let segmentLength = Duration.seconds(600)

    /// As it was last told.
    var wait: PodWait
    /// Of the segment that is open, from 1.
    private(set) var segment = 1
    /// When that one began.
    private(set) var since: Timestamp

    init(_ wait: PodWait) {
        self.wait = wait
        since = wait.since
    }

    /// When the open segment is full.
    var fullAt: Timestamp { since + Self.segmentLength }

    /// The open segment ends here, and the next one begins.
    mutating func cut() {
        since = fullAt
        segment += 1
    }
}
