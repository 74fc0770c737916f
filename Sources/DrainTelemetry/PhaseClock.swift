import DrainEngine
import Timestamps

/// Pod-seconds by phase, growing while the pods are in it.
///
/// A reading can be ahead of the events that are still to be told. What such an event takes from a phase is owed, and kept
/// back from what the phase earns next: a counter never falls.
struct PhaseClock {
    private(set) var counts: [PodPhase: Int] = [:]
    private var seconds: [PodPhase: Double] = [:]
    private var owed: [PodPhase: Double] = [:]
    private var last: Timestamp?

    mutating func entered(_ phase: PodPhase, at now: Timestamp) {
        advance(to: now)
        earn(lateness(of: now), in: phase)
        counts[phase, default: 0] += 1
    }

    mutating func moved(from: PodPhase, to: PodPhase, at now: Timestamp) {
        advance(to: now)
        let lateness = lateness(of: now)
        owed[from, default: 0] += lateness
        earn(lateness, in: to)
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
        owed = [:]
    }

    private mutating func advance(to now: Timestamp) {
        defer { last = max(last ?? now, now) }
        guard let last, now > last else { return }
        let elapsed = (now - last).inSeconds
        for (phase, count) in counts where count > 0 { earn(elapsed * Double(count), in: phase) }
    }

    /// How long ago that was when the clock was last read.
    private func lateness(of moment: Timestamp) -> Double { last.map { ($0 - moment).inSeconds } ?? 0 }

    private mutating func earn(_ amount: Double, in phase: PodPhase) {
        guard phase != .gone, phase != .failed else { return }
        let kept = min(amount, owed[phase, default: 0])
        owed[phase, default: 0] -= kept
        seconds[phase, default: 0] += amount - kept
    }
}
