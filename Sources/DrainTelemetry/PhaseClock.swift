import DrainEngine
import Timestamps

/// Pod-seconds by phase, growing while the pods are in it. Read between an event and its telling, it corrects itself when
/// the event comes.
struct PhaseClock {
    private(set) var counts: [PodPhase: Int] = [:]
    private var seconds: [PodPhase: Double] = [:]
    private var last: Timestamp?

    mutating func entered(_ phase: PodPhase, at now: Timestamp) {
        advance(to: now)
        counts[phase, default: 0] += 1
        add(overrun(since: now), to: phase)
    }

    mutating func moved(from: PodPhase, to: PodPhase, at now: Timestamp) {
        advance(to: now)
        counts[from, default: 0] -= 1
        counts[to, default: 0] += 1
        add(-overrun(since: now), to: from)
        add(overrun(since: now), to: to)
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
        for (phase, count) in counts where count > 0 { add(elapsed * Double(count), to: phase) }
    }

    /// For how long one pod was counted, or not, as it had been before.
    private func overrun(since moment: Timestamp) -> Double { last.map { max(0, ($0 - moment).inSeconds) } ?? 0 }

    private mutating func add(_ time: Double, to phase: PodPhase) {
        guard phase != .gone, phase != .failed else { return }
        seconds[phase, default: 0] += time
    }
}
