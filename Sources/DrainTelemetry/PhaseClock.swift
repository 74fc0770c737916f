import DrainEngine
import Timestamps

/// Pod-seconds by phase, growing while the pods are in it.
struct PhaseClock {
    private(set) var counts: [PodPhase: Int] = [:]
    private var seconds: [PodPhase: Double] = [:]
    private var last: Timestamp?

    mutating func entered(_ phase: PodPhase, at now: Timestamp) {
        advance(to: now)
        counts[phase, default: 0] += 1
    }

    mutating func moved(from: PodPhase, to: PodPhase, at now: Timestamp) {
        advance(to: now)
        counts[from, default: 0] -= 1
        counts[to, default: 0] += 1
    }

    /// The seconds up to now; the phases a pod ends in do not count: they last for ever.
    mutating func read(at now: Timestamp) -> [PodPhase: Double] {
        advance(to: now)
        return seconds
    }

    /// No more pods: the drain has ended.
    mutating func stop(at now: Timestamp) {
        advance(to: now)
        last = nil
        counts = [:]
    }

    private mutating func advance(to now: Timestamp) {
        defer { last = max(last ?? now, now) }
        guard let last, now > last else { return }
        let elapsed = (now - last).inSeconds
        for (phase, count) in counts where count > 0 && phase != .gone && phase != .failed {
            seconds[phase, default: 0] += elapsed * Double(count)
        }
    }
}
