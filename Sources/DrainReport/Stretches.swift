import DrainEngine
import Timestamps

/// Cuts a pod's time into phases by what is known of it.
struct Stretches {
    let start: Timestamp
    let end: Timestamp
    /// In the order of their starts, as all of these.
    let attempts: [PodStory.Attempt]
    let waits: [PodStory.Wait]
    let terminations: [PodStory.Termination]

    var all: [PodStory.Stretch] {
        var moments = [start, end]
        for attempt in attempts { moments += [attempt.start, attempt.end] }
        for wait in waits { moments += [wait.start, wait.end] }
        for termination in terminations { moments += [termination.start, termination.end] }
        moments = moments.filter { $0 >= start && $0 <= end }.sorted()
        var stretches: [PodStory.Stretch] = []
        for (from, to) in zip(moments, moments.dropFirst()) where from < to {
            let (phase, cause) = phase(from: from, to: to)
            if let last = stretches.last, last.phase == phase, last.cause == cause {
                stretches[stretches.count - 1].end = to
            } else {
                stretches.append(PodStory.Stretch(phase: phase, start: from, end: to, cause: cause))
            }
        }
        return stretches
    }

    private func phase(from: Timestamp, to: Timestamp) -> (PodPhase, String) {
        if terminations.contains(where: { $0.start <= from && to <= $0.end }) { return (.terminating, "") }
        if attempts.contains(where: { $0.start <= from && to <= $0.end }) { return (.evicting, "") }
        if let wait = waits.last(where: { $0.start <= from && to <= $0.end }) { return (.blocked, wait.blocker) }
        guard let last = attempts.last(where: { $0.end <= from }) else { return (.queued, "") }
        return phase(after: last.answer, at: from)
    }

    /// Where a pod is after such an answer.
    private func phase(after answer: String, at moment: Timestamp) -> (PodPhase, String) {
        switch EvictionAnswer(rawValue: answer) {
        case .accepted, .gone, .replaced, .namespaceTerminating: (.terminating, "")
        case .budget, .severalBudgets, .deferred:
            // Its wait begins a moment after the answer.
            (.blocked, (waits.first { $0.start >= moment } ?? waits.last)?.blocker ?? "")
        case .throttled, .unauthorized, .forbidden, .rejected, .serverError, .unreachable, nil: (.retrying, answer)
        }
    }
}
