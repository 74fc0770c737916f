import DrainEngine
import Timestamps

/// What stands out in a drain: what every rendering shows beside the timeline.
public struct Findings: Sendable {
    /// All pods' waits on one budget or webhook.
    public struct Blocker: Sendable, Equatable {
        public var name: String
        public var pods: Int
        /// Pod-seconds: several pods may wait at once.
        public var seconds: Double
        public var longest: Double
        public var refusals: Int
        public var abandoned: Int
        /// Of the last wait that has one.
        public var verdict: String
        public var advice: String
        public var message: String

        /// The verdict, if it is a bad one, and what to do about it.
        var judgement: String {
            guard verdict != BudgetVerdict.waiting.rawValue else { return "" }
            return [verdict, advice].filter { !$0.isEmpty }.joined(separator: ": ")
        }
    }

    /// How often the API server gave an answer, and how often it was asked again after it.
    public struct Answer: Sendable, Equatable {
        public var word: String
        public var count: Int
        public var pods: Int
    }

    /// The longest wait first.
    public let blockers: [Blocker]
    /// The most frequent first; of attempts that have a span.
    public let answers: [Answer]
    public let attempts: Int
    public let retries: Int
    /// Attempts beyond those that have a span.
    public let omitted: Int
    /// By their lifetime, the longest first.
    public let slowest: [PodStory]
    /// Not gone in time.
    public let stuck: [PodStory]
    /// Failed, or left.
    public let unfinished: [PodStory]
    public let path: CriticalPath

    public init(_ drain: DrainStory) {
        path = CriticalPath(drain)
        var waits: [String: [(pod: PodStory, wait: PodStory.Wait)]] = [:]
        for pod in drain.pods { for wait in pod.waits { waits[wait.blocker, default: []].append((pod, wait)) } }
        blockers = waits.map { Self.blocker($0.key, $0.value) }
            .sorted { ($1.longest, $0.name) < ($0.longest, $1.name) }
        var answers: [String: Answer] = [:]
        for pod in drain.pods {
            for (word, count) in pod.answers {
                answers[word, default: Answer(word: word, count: 0, pods: 0)].count += count
                answers[word]?.pods += 1
            }
        }
        self.answers = answers.values.sorted { ($1.count, $0.word) < ($0.count, $1.word) }
        attempts = drain.pods.reduce(0) { $0 + $1.attempts }
        retries = drain.pods.reduce(0) { $0 + $1.retries }
        omitted = max(0, attempts - answers.values.reduce(0) { $0 + $1.count })
        slowest = drain.pods.sorted { ($1.lifetime, $0.title, $0.uid) < ($0.lifetime, $1.title, $1.uid) }
        stuck = slowest.filter { pod in pod.stuck != nil || pod.terminations.contains { $0.overdueSeconds >= 1 } }
        unfinished = drain.pods.filter { $0.result == nil || $0.result == PodResult.failed.rawValue }
            .sorted { ($0.title, $0.uid) < ($1.title, $1.uid) }
    }

    private static func blocker(_ name: String, _ waits: [(pod: PodStory, wait: PodStory.Wait)]) -> Blocker {
        let last = waits.map(\.wait).sorted { $0.end < $1.end }
        let told = last.last { !$0.verdict.isEmpty }
        return Blocker(
            name: name, pods: Set(waits.map { "\($0.pod.title) \($0.pod.uid)" }).count,
            seconds: waits.reduce(0) { $0 + $1.wait.seconds }, longest: waits.map(\.wait.seconds).max() ?? 0,
            refusals: waits.reduce(0) { $0 + $1.wait.refusals },
            abandoned: waits.count { $0.wait.outcome != WaitOutcome.allowed.rawValue },
            verdict: told?.verdict ?? "", advice: told?.advice ?? "",
            message: last.last { !$0.message.isEmpty }?.message ?? "")
    }
}

extension DrainStory {
    /// `73 of 81 s: budget shop/web; waited on 4 replicas`; empty: it took no time.
    func headline(_ verdict: CriticalPath.Verdict?) -> String {
        guard let verdict else { return "" }
        let detail = verdict.detail.isEmpty ? "" : "; \(verdict.detail)"
        return "\(Amount.share(verdict.seconds, of: seconds)): \(verdict.cause.text)\(detail)"
    }

    /// What there is to say of how it ended, in a sentence.
    var endingText: String {
        switch ending {
        case .ended("completed"): dryRun.map { $0 == "none" } ?? true ? "drained" : "would be drained (dry run)"
        case .ended("cancelled"): "drain cancelled"
        case .ended("failed"): "not drained: could not start"
        case .ended(let outcome): "not drained: \(outcome)"
        case .interrupted: "drain interrupted: the agent ended before it did"
        case .cutOff: "drain cut off: its file ends first, as when the agent is killed"
        }
    }

    /// What it was, by name; what is not known is not there.
    var facts: [(name: String, text: String)] {
        var facts = [("drain", identity), ("time", times), ("pods", countsText)]
        if !reason.isEmpty { facts.append(("reason", reason)) }
        return facts + [("trace", traceID)]
    }

    private var identity: String {
        var parts = [id ?? "unknown: the span that names it is missing"]
        if let trigger { parts.append("asked for by \(trigger)") }
        if let dryRun, dryRun != "none" { parts.append("dry run (\(dryRun))") }
        if isResumed { parts.append("resumed") }
        if runs.count > 1 { parts.append("\(runs.count) processes") }
        return parts.joined(separator: ", ")
    }

    private var times: String {
        let span = "\(Amount.text(seconds)), \(start.rfc3339()) to \(end.rfc3339())"
        guard let deadline else { return span }
        let left = (deadline - end).inSeconds
        let relation = left >= 0 ? "before" : "after"
        return "\(span), \(Amount.text(abs(left))) \(relation) its deadline \(deadline.rfc3339())"
    }

    private var countsText: String {
        var parts = ["\(counts.evicted) evicted"]
        if counts.vanished > 0 { parts.append("\(counts.vanished) vanished") }
        if counts.failed > 0 { parts.append("\(counts.failed) failed") }
        if counts.remaining > 0 { parts.append("\(counts.remaining) left") }
        let excluded = counts.excluded.map { $0 > 0 ? "; \($0) left alone" : "" } ?? ""
        return "\(counts.total)\(ending == .cutOff ? " known" : ""): \(parts.joined(separator: ", "))\(excluded)"
    }
}

extension Report {
    /// What was wrong with the files, for people.
    var warnings: [String] {
        files.flatMap { name, problems -> [String] in
            var lines: [String] = []
            if problems.count > 0 {
                let numbers = problems.lines.map(String.init).joined(separator: ", ")
                let more = problems.count > problems.lines.count ? " and more" : ""
                lines.append("\(name): \(problems.count) lines cannot be read: \(numbers)\(more)")
            }
            if problems.isCutOff { lines.append("\(name): the last line is cut off, as a crash leaves it") }
            return lines
        } + (drains.isEmpty ? ["no drain's spans are in \(files.map(\.name).joined(separator: ", "))"] : [])
    }
}
