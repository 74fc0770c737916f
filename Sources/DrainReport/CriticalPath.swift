import DrainEngine
public import Timestamps

/// Why a drain took as long as it did: walked back from its end, at each moment what it waited for.
///
/// The pod that ended last is on it, with all its phases. If that pod first stood in the queue until another one ended,
/// the path goes on with that one; so it does through the tiers, and through a bound on pods that terminate at once.
/// What is left at the beginning is the node's turn, and the lists and the cordon.
public struct CriticalPath: Sendable {
    public enum Cause: Sendable, Hashable {
        case preparing, turn, queued, evicting
        case blocked(by: String)
        case retrying(after: String)
        case terminating
        /// After the last pod: it is made sure that none is left.
        case finishing
        /// Between the end of one process and the start of the next.
        case noAgent
    }

    public struct Step: Sendable, Equatable {
        public var cause: Cause
        /// Empty: none in particular.
        public var pod: String
        public var start: Timestamp
        public var end: Timestamp

        public var seconds: Double { (end - start).inSeconds }
    }

    /// In the order of time; they fill the drain without a gap.
    public let steps: [Step]
    /// The cause with the most seconds of all, and what there is to say of it.
    public let verdict: Verdict?

    public struct Verdict: Sendable, Equatable {
        public var cause: Cause
        public var seconds: Double
        /// Further facts: `waited on 4 replicas`.
        public var detail: String
    }

    public init(_ drain: DrainStory) {
        let steps = Self.walk(drain).flatMap { Self.cut($0, at: drain.runs) }
        self.steps = steps
        verdict = Self.verdict(steps, drain)
    }

    // MARK: - The walk

    private static func walk(_ drain: DrainStory) -> [Step] {
        var steps: [Step] = []
        var moment = drain.end
        func add(_ cause: Cause, _ pod: String, from start: Timestamp) {
            guard start < moment else { return }
            steps.append(Step(cause: cause, pod: pod, start: start, end: moment))
            moment = start
        }
        var next = last(of: drain)
        var visited: Set<Int> = []
        while let index = next {
            visited.insert(index)
            let pod = drain.pods[index]
            add(steps.isEmpty ? .finishing : .queued, steps.isEmpty ? "" : pod.title, from: pod.end)
            for stretch in pod.stretches.reversed() where stretch.phase != .queued {
                add(.queued, pod.title, from: stretch.end)
                add(Cause(stretch), pod.title, from: stretch.start)
            }
            next = predecessor(of: pod, before: moment, in: drain, not: visited)
            if next == nil { add(.queued, pod.title, from: pod.start) }
        }
        for turn in drain.turns.reversed() {
            add(.preparing, "", from: turn.end)
            add(.turn, "", from: turn.start)
        }
        add(.preparing, "", from: drain.start)
        return steps.reversed()
    }

    /// The pod that ended last; of those that were there to the end, the one that had been held for longest.
    private static func last(of drain: DrainStory) -> Int? {
        let isComplete = drain.ending == .ended("completed")
        // Our own pod, and those of a dry run, are still there when the drain is completed.
        return drain.pods.indices.filter { !isComplete || drain.pods[$0].result != nil }
            .max { drain.pods[$0].endedEarlier(than: drain.pods[$1]) }
    }

    /// Whose end let the pod out of the queue at that moment; `nil`: what did was an answer to a request, or nothing.
    private static func predecessor(
        of pod: PodStory, before moment: Timestamp, in drain: DrainStory, not visited: Set<Int>
    ) -> Int? {
        guard pod.start < moment else { return nil }
        let pods = drain.pods
        let freed = pods.indices.filter { index in
            let other = pods[index]
            return !visited.contains(index) && other.result != nil && other.end > pod.start && other.end <= moment
        }.max { pods[$0].endedEarlier(than: pods[$1]) }
        guard let freed else { return nil }
        let isAnswer = pods.contains { other in
            other.stretches.contains { $0.phase == .evicting && $0.end >= pods[freed].end && $0.end <= moment }
        }
        return isAnswer ? nil : freed
    }

    private static func cut(_ step: Step, at runs: [DrainStory.Run]) -> [Step] {
        var steps: [Step] = []
        var rest = step
        for (before, after) in zip(runs, runs.dropFirst()) where before.end < after.start {
            let gap = (start: max(rest.start, before.end), end: min(rest.end, after.start))
            guard gap.start < gap.end else { continue }
            if rest.start < gap.start {
                steps.append(Step(cause: rest.cause, pod: rest.pod, start: rest.start, end: gap.start))
            }
            steps.append(Step(cause: .noAgent, pod: "", start: gap.start, end: gap.end))
            rest.start = gap.end
        }
        return rest.start < rest.end ? steps + [rest] : steps
    }
}

extension CriticalPath.Cause {
    fileprivate init(_ stretch: PodStory.Stretch) {
        switch stretch.phase {
        case .queued: self = .queued
        case .evicting: self = .evicting
        case .blocked: self = .blocked(by: stretch.cause)
        case .retrying: self = .retrying(after: stretch.cause)
        case .terminating, .gone, .failed: self = .terminating
        }
    }

    /// For people.
    public var text: String {
        switch self {
        case .preparing: "reading, listing and cordoning"
        case .turn: "its turn in the fleet"
        case .queued: "the queue"
        case .evicting: "answers to evictions"
        case .blocked(let blocker): blocker.isEmpty ? "a budget or a webhook" : blocker
        case .retrying(let answer): answer.isEmpty ? "retries" : "retries after \(answer)"
        case .terminating: "termination"
        case .finishing: "what came after the last pod"
        case .noAgent: "nobody: no agent ran"
        }
    }
}

extension PodStory {
    /// Seconds in which something held it.
    private var held: Double { (seconds[.blocked] ?? 0) + (seconds[.retrying] ?? 0) + (seconds[.terminating] ?? 0) }

    /// Of two that ended at once, the later one is the one that has not ended at all, the one that was held for longer,
    /// the first by name.
    fileprivate func endedEarlier(than other: PodStory) -> Bool {
        (end.nanoseconds, result == nil ? 1 : 0, held, other.title)
            < (other.end.nanoseconds, other.result == nil ? 1 : 0, other.held, title)
    }
}

// MARK: - The verdict

extension CriticalPath {
    private static func verdict(_ steps: [Step], _ drain: DrainStory) -> Verdict? {
        var seconds: [Cause: Double] = [:]
        for step in steps { seconds[step.cause, default: 0] += step.seconds }
        let most = seconds.max { ($0.value, $1.key.text) < ($1.value, $0.key.text) }
        guard let most, most.value > 0 else { return nil }
        let held = steps.filter { $0.cause == most.key }
        return Verdict(cause: most.key, seconds: most.value, detail: detail(most.key, held, drain))
    }

    private static func detail(_ cause: Cause, _ steps: [Step], _ drain: DrainStory) -> String {
        let pods = Set(steps.map(\.pod)).filter { !$0.isEmpty }
        switch cause {
        case .blocked(let blocker): return detail(blocker: blocker, pods, steps, drain)
        case .terminating:
            let longest = steps.max { $0.seconds < $1.seconds }
            let pod = longest.flatMap { step in drain.pods.first { $0.title == step.pod } }
            let name =
                pods.count > 1
                ? "\(pods.count) pods one after another, longest \(longest?.pod ?? "")" : pods.first ?? "a pod"
            return ([name] + (pod.map { $0.terminationFacts } ?? [])).joined(separator: ", ")
        case .turn:
            let holders = Set(drain.turns.flatMap(\.holders)).sorted()
            return holders.isEmpty ? "" : "behind \(holders.prefix(5).joined(separator: ", "))"
        case .retrying, .queued, .evicting:
            return pods.count > 1 ? "\(pods.count) pods" : pods.first ?? ""
        case .preparing, .finishing, .noAgent: return ""
        }
    }

    /// How many others the budget let go meanwhile, and its verdict if it is a bad one.
    private static func detail(
        blocker: String, _ pods: Set<String>, _ steps: [Step], _ drain: DrainStory
    ) -> String {
        let replicas = drain.pods.count { pod in
            !pods.contains(pod.title) && pod.waits.contains { $0.blocker == blocker }
                && pod.terminations.contains { termination in
                    steps.contains { $0.start <= termination.start && termination.start <= $0.end }
                }
        }
        var facts: [String] = []
        if replicas > 0 { facts.append("waited on \(Amount.counted(replicas, "replica"))") }
        let waits = drain.pods.filter { pods.contains($0.title) }.flatMap(\.waits).filter { $0.blocker == blocker }
        if let bad = waits.last(where: { !$0.verdict.isEmpty && $0.verdict != BudgetVerdict.waiting.rawValue }) {
            facts.append(bad.advice.isEmpty ? bad.verdict : "\(bad.verdict): \(bad.advice)")
        }
        return facts.joined(separator: "; ")
    }
}

extension PodStory {
    /// What made its termination long, as far as is known.
    var terminationFacts: [String] {
        guard let termination = terminations.last else { return [] }
        var facts = ["\(termination.grace) s of grace"]
        if termination.overdueSeconds >= 1 { facts.append("\(Amount.text(termination.overdueSeconds)) overdue") }
        if !termination.finalizers.isEmpty {
            facts.append("finalizers \(termination.finalizers.joined(separator: ", "))")
        }
        if let stuck {
            facts.append("stuck: \(stuck)" + (termination.detail.isEmpty ? "" : " (\(termination.detail))"))
        }
        return facts
    }
}
