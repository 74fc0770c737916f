import Timestamps

/// So many at once, and then one each so often.
struct TokenBucket {
    static let interval = Duration.seconds(5)

    let burst: Int

    /// When the next could be had if the bucket had no bound; what lies in the past is what has been saved up.
    private var next: Timestamp?

    init(burst: Int) { self.burst = burst }

    /// When one may be taken: now, or later.
    func free(at now: Timestamp) -> Timestamp {
        guard let next else { return now }
        return max(now, next - Self.interval * (burst - 1))
    }

    mutating func take(at now: Timestamp) { next = max(next ?? now, now) + Self.interval }
}
