import Timestamps

/// Will it be done before the deadline? What has lasted for so long is expected to last for as long again: so nothing is
/// warned of early on, and whatever hangs is warned of by half of the time at the latest.
public enum Projection {
    public enum Overrun: Sendable, Equatable {
        case by(Duration)
        /// Something can never go as things stand.
        case never
    }

    /// A pod of which nobody knows how long it takes to stop is given so long at first.
    static let firstGuess = Duration.seconds(2)

    /// When the last pod is gone, as things go; `nil`: never.
    static func end(_ pace: Pace, policy: DrainPolicy, at now: Timestamp) -> Timestamp? {
        let waiting = Dictionary(grouping: pace.pods.lazy.compactMap(\.blocker), by: \.self).mapValues(\.count)
        let usual = pace.usualTermination ?? firstGuess
        var start = now
        var last = now
        for tier in PodTier.allCases {
            var tierEnd = start
            var blockedUntil = start
            var queued = 0
            for pod in pace.pods where pod.tier == tier {
                if let blocker = pod.blocker, let held = pace.blockers[blocker] {
                    guard !held.verdict.isForGood || held.isRelieved else { return nil }
                    let left = (now - held.firstRefusal) * waiting[blocker, default: 1] / max(1, held.allowed)
                    blockedUntil = max(blockedUntil, now + left + usual)
                    continue
                }
                switch pod.phase {
                case .gone, .failed: break
                case .queued, .evicting, .blocked: queued += 1
                case .terminating: tierEnd = max(tierEnd, departure(pod, usual: usual, at: now))
                case .retrying: tierEnd = max(tierEnd, max(pod.due ?? now, start) + usual)
                }
            }
            if queued > 0 {
                let batch = policy.maxTerminating > 0 ? policy.maxTerminating : queued
                tierEnd = max(tierEnd, start + usual * ((queued + batch - 1) / batch))
            }
            last = max(last, tierEnd, blockedUntil)
            if policy.order == .priority {
                start = max(tierEnd, min(blockedUntil, now + policy.tierPatience))
            }
        }
        return last
    }

    /// By its deletionTimestamp the kubelet ends it; what is still there then hangs.
    private static func departure(_ pod: Pace.PodPace, usual: Duration, at now: Timestamp) -> Timestamp {
        let elapsed = now - pod.since
        if elapsed <= usual { return pod.since + usual }
        guard let deadline = pod.deletionDeadline else { return now + elapsed }
        if deadline <= now { return now + max(now - deadline, .seconds(1)) }
        return min(deadline, now + elapsed)
    }

    static func overrun(_ pace: Pace, policy: DrainPolicy, deadline: Timestamp, at now: Timestamp) -> Overrun? {
        guard let end = end(pace, policy: policy, at: now) else { return .never }
        return end > deadline ? .by(end - deadline) : nil
    }
}
