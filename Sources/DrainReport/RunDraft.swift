import DrainEngine
import Timestamps

/// What one process has written of one drain, span by span.
struct RunDraft {
    /// More of a pod's attempts than an agent writes.
    private static let attemptLimit = 1000

    private(set) var node = ""
    private(set) var root: SpanRecord?
    private(set) var first: Timestamp?
    private(set) var last: Timestamp?
    private(set) var turns: [DrainStory.Turn] = []
    private var seen: Set<String> = []
    private var order: [String] = []
    /// By the id of the pod's span, which may be missing.
    private var pods: [String: PodDraft] = [:]

    private struct PodDraft {
        var whole: SpanRecord?
        /// The first that named the pod.
        var named: SpanRecord?
        var attempts: [PodStory.Attempt] = []
        var waits: [PodStory.Wait] = []
        var terminations: [PodStory.Termination] = []
    }

    mutating func add(_ span: SpanRecord) {
        guard seen.insert(span.id).inserted else { return }
        first = min(first ?? span.start, span.start)
        last = max(last ?? span.end, span.end)
        if node.isEmpty { node = span.text("k8s.node.name") ?? span.node }
        switch span.name {
        case "node.drain": root = span
        case "drain.fleet.wait":
            turns.append(
                DrainStory.Turn(
                    start: span.start, end: span.end, holders: span.texts("drain.fleet.holders"),
                    outcome: span.text("drain.fleet.outcome") ?? ""))
        case "pod.evict": edit(span.id) { $0.whole = span }
        case "eviction.attempt":
            edit(span.parent) { draft in
                draft.named = draft.named ?? span
                guard draft.attempts.count < Self.attemptLimit else { return }
                draft.attempts.append(
                    PodStory.Attempt(
                        start: span.start, end: span.end, answer: span.text("drain.eviction.answer") ?? "",
                        message: span.text("drain.eviction.message") ?? ""))
            }
        case "pdb.wait":
            edit(span.parent) { draft in
                draft.named = draft.named ?? span
                draft.waits.append(PodStory.Wait(span))
            }
        case "pod.termination":
            edit(span.parent) { draft in
                draft.named = draft.named ?? span
                draft.terminations.append(PodStory.Termination(span))
            }
        default: break
        }
    }

    private mutating func edit(_ id: String, _ change: (inout PodDraft) -> Void) {
        if pods[id] == nil { order.append(id) }
        change(&pods[id, default: PodDraft()])
    }

    /// `end`: of what is known of the run.
    func stories(until end: Timestamp) -> [PodStory] {
        order.compactMap { id in pods[id].map { Self.story($0, until: end) } }
    }

    private static func story(_ draft: PodDraft, until end: Timestamp) -> PodStory {
        let attempts = draft.attempts.sorted { $0.start < $1.start }
        let waits = draft.waits.merged
        let terminations = draft.terminations.sorted { $0.start < $1.start }
        let starts = attempts.map(\.start) + waits.map(\.start) + terminations.map(\.start)
        let start = draft.whole?.start ?? starts.min() ?? end
        // A pod's termination is told when it is gone, right before the pod itself.
        var story = PodStory(start: start, end: draft.whole?.end ?? terminations.last?.end ?? max(start, end))
        story.waits = waits
        story.terminations = terminations
        story.attempts = attempts.count
        story.retries = max(0, attempts.count - 1)
        story.stretches =
            Stretches(
                start: start, end: story.end, attempts: attempts, waits: waits, terminations: terminations
            ).all
        for attempt in attempts { story.answers[attempt.answer, default: 0] += 1 }
        for stretch in story.stretches { story.seconds[stretch.phase, default: 0] += stretch.seconds }
        if let span = draft.whole ?? draft.named { story.name(by: span) }
        if let whole = draft.whole { story.take(whole) }
        return story
    }
}

extension PodStory {
    fileprivate mutating func name(by span: SpanRecord) {
        namespace = span.text("k8s.namespace.name") ?? ""
        name = span.text("k8s.pod.name") ?? ""
        uid = span.text("k8s.pod.uid") ?? ""
    }

    /// What only its own span says, and what that says better.
    fileprivate mutating func take(_ span: SpanRecord) {
        isWhole = true
        tier = span.text("drain.pod.tier") ?? ""
        result = span.text("drain.pod.result")
        lastPhase = span.text("drain.pod.phase")
        stuck = span.text("drain.pod.stuck")
        isDeletedAtDeadline = span.truth("drain.deleted_at_deadline")
        attempts = span.count("drain.eviction.attempts") ?? attempts
        retries = span.count("drain.eviction.retries") ?? retries
        if result == PodResult.failed.rawValue { message = span.message }
        for phase in PodPhase.allCases {
            guard let counted = span.number("drain.seconds.\(phase.rawValue)") else { continue }
            seconds[phase] = max(0, counted)
        }
    }
}

extension PodStory.Wait {
    fileprivate init(_ span: SpanRecord) {
        let namespace = span.text("k8s.namespace.name") ?? ""
        let blocker: Blocker =
            switch span.text("drain.blocker") {
            case "webhook": .webhook(name: span.text("drain.webhook") ?? "")
            case "several_budgets": .severalBudgets(namespace: namespace)
            default: .budget(namespace: namespace, name: span.text("drain.pdb") ?? "")
            }
        self.init(
            blocker: "\(blocker)", start: span.start, end: span.end, outcome: span.text("drain.wait.outcome") ?? "",
            verdict: span.text("drain.pdb.verdict") ?? "", advice: span.text("drain.pdb.advice") ?? "",
            refusals: span.count("drain.wait.refusals") ?? 0, message: span.text("drain.wait.last_message") ?? "")
    }
}

extension PodStory.Termination {
    fileprivate init(_ span: SpanRecord) {
        self.init(
            start: span.start, end: span.end, grace: span.count("drain.grace_period_seconds") ?? 0,
            overdueSeconds: max(0, span.number("drain.overdue_seconds") ?? 0),
            finalizers: span.texts("drain.finalizers"), detail: span.text("drain.stuck.detail") ?? "")
    }
}

extension [PodStory.Wait] {
    /// In order, and the segments of one long wait as the one that they are.
    fileprivate var merged: [PodStory.Wait] {
        sorted { $0.start < $1.start }.reduce(into: []) { waits, next in
            guard let last = waits.last, last.blocker == next.blocker, last.end == next.start else {
                return waits.append(next)
            }
            var whole = next
            whole.start = last.start
            // Each segment says how many there have been since the wait began.
            whole.refusals = Swift.max(last.refusals, next.refusals)
            waits[waits.count - 1] = whole
        }
    }
}
