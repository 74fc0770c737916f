import DrainEngine
import Timestamps

/// One drain as text, section by section.
struct DrainText {
    private let drain: DrainStory
    private let findings: Findings
    private let width: Int
    private let isColored: Bool

    init(_ drain: DrainStory, width: Int, isColored: Bool) {
        self.drain = drain
        findings = Findings(drain)
        self.width = width
        self.isColored = isColored
    }

    var sections: [[String]] {
        [head, timeline, path, slowest, answers, blockers, stuck, unfinished, happenings].filter { !$0.isEmpty }
    }

    // MARK: - What it comes to

    private var head: [String] {
        let headline = drain.headline(findings.path.verdict)
        let facts = drain.facts.prefix(3) + [("waited", headline)] + drain.facts.dropFirst(3)
        let indent = String(repeating: " ", count: 8)
        return [clean("node/\(drain.node) \(drain.endingText)")]
            + facts.filter { !$0.1.isEmpty }.flatMap { name, text in
                PlainText.wrapped(PlainText.oneLine("\(name): \(text)"), to: width - 2, indent: indent).map {
                    "  \($0)"
                }
            }
    }

    // MARK: - The timeline

    private var timeline: [String] {
        let shown = drain.shownPods(TextReport.pods)
        guard !shown.isEmpty else { return [] }
        let label = min(shown.map { PlainText.width(PlainText.oneLine($0.title)) }.max() ?? 0, width / 3)
        // Two margins, two gaps, a duration of 7 and a fate of 11.
        let columns = width - label - 26
        let slice = Amount.text(drain.seconds / Double(columns))
        let legend = PhaseLook.shown.map { "\(PhaseLook($0).letter) \($0.rawValue)" }.joined(separator: "  ")
        let bars = shown.map { pod in
            var bar = Bar(from: drain.start, to: drain.end, columns: columns)
            for stretch in pod.stretches {
                bar.fill(PhaseLook(stretch.phase).letter, from: stretch.start, to: stretch.end)
            }
            let amount = Amount.text(pod.lifetime)
            return "  \(PlainText.padded(PlainText.oneLine(pod.title), to: label))  \(colored(bar.letters))  "
                + String(repeating: " ", count: max(0, 7 - amount.count)) + amount + "  "
                + PlainText.clipped(PlainText.oneLine(pod.fate), to: 11)
        }
        let rest = drain.pods.count - shown.count
        return ["Timeline, a column is \(slice)", "  \(legend)"] + bars
            + (rest > 0 ? ["  and \(rest) pods that took less time"] : [])
    }

    private func colored(_ letters: [Character]) -> String {
        guard isColored else { return String(letters) }
        let sequences = Dictionary(uniqueKeysWithValues: PhaseLook.shown.map { (PhaseLook($0).letter, PhaseLook($0)) })
        var text = ""
        var before: Character = " "
        for letter in letters {
            if letter != before { text += "\u{1B}[0m" + (sequences[letter].map { "\u{1B}[\($0.sequence)m" } ?? "") }
            text.append(letter)
            before = letter
        }
        return text + "\u{1B}[0m"
    }

    // MARK: - Tables

    private var path: [String] {
        let steps = findings.path.steps
        guard !steps.isEmpty else { return [] }
        var table = TextTable(["AFTER", "TOOK", "WAITED FOR", "POD"])
        let shown = findings.path.longestSteps(TextReport.rows * 2)
        for step in shown {
            table.add([
                Amount.text((step.start - drain.start).inSeconds), Amount.text(step.seconds), step.cause.text, step.pod,
            ])
        }
        let rest = steps.count - shown.count
        return ["Critical path, from the end back: what was waited for at each moment"] + table.lines(width: width)
            + (rest > 0 ? ["  and \(rest) shorter steps"] : [])
    }

    private var slowest: [String] {
        guard drain.pods.count > 1 else { return [] }
        var table = TextTable(
            ["TOOK", "QUEUED", "EVICT", "BLOCKED", "RETRY", "TERM", "REQ", "POD"])
        for pod in findings.slowest.prefix(TextReport.rows) {
            table.add(
                [Amount.text(pod.lifetime)] + PhaseLook.shown.map { Amount.text(pod.seconds[$0] ?? 0) }
                    + ["\(pod.attempts)", pod.title])
        }
        return ["Slowest pods"] + table.lines(width: width)
    }

    private var answers: [String] {
        guard !findings.answers.isEmpty else { return [] }
        var table = TextTable(["ANSWER", "TIMES", "PODS", ""])
        for answer in findings.answers { table.add([answer.word, "\(answer.count)", "\(answer.pods)", ""]) }
        let omitted = findings.omitted > 0 ? "; \(findings.omitted) have no span" : ""
        return ["Answers to \(findings.attempts) eviction requests, \(findings.retries) of them retries\(omitted)"]
            + table.lines(width: width)
    }

    private var blockers: [String] {
        guard !findings.blockers.isEmpty else { return [] }
        var lines = ["Who said not now"]
        for blocker in findings.blockers.prefix(TextReport.rows) {
            let abandoned = blocker.abandoned > 0 ? ", \(blocker.abandoned) never allowed" : ""
            lines.append(
                clean(
                    "  \(blocker.name): \(Amount.counted(blocker.pods, "pod"))\(abandoned), longest \(Amount.text(blocker.longest)), "
                        + "\(Amount.text(blocker.seconds)) in all, "
                        + Amount.counted(blocker.refusals, "refusal")))
            for text in [blocker.judgement, blocker.message] where !text.isEmpty { lines += paragraph(text) }
        }
        return lines
    }

    private var stuck: [String] {
        guard !findings.stuck.isEmpty else { return [] }
        return ["Not gone in time"]
            + findings.stuck.prefix(TextReport.rows).flatMap { pod in
                [clean("  \(pod.title)")] + paragraph(pod.terminationFacts.joined(separator: "; "))
            }
    }

    private var unfinished: [String] {
        let pods = findings.unfinished
        guard !pods.isEmpty else { return [] }
        let rest = pods.count - TextReport.rows
        return [drain.ending == .cutOff ? "On their way when the file ends, or failed" : "Failed or left"]
            + pods.prefix(TextReport.rows).flatMap { pod in
                [clean("  \(pod.title): \(pod.fate)\(pod.isDeletedAtDeadline ? ", deleted at the deadline" : "")")]
                    + (pod.message.isEmpty ? [] : paragraph(pod.message))
            } + (rest > 0 ? ["  and \(rest) more"] : [])
    }

    private var happenings: [String] {
        guard !drain.happenings.isEmpty else { return [] }
        return ["What was done, and what others did"]
            + drain.happenings.prefix(TextReport.rows * 2).map { clean("  \($0.at.rfc3339()) \($0.text)") }
    }

    private func clean(_ text: String) -> String { PlainText.clipped(PlainText.oneLine(text), to: width) }

    private func paragraph(_ text: String) -> [String] {
        PlainText.wrapped(PlainText.oneLine(text), to: width - 4, indent: "").map { "    \($0)" }
    }
}

extension DrainStory {
    /// The pods that took longest, in the order of their starts.
    func shownPods(_ count: Int) -> [PodStory] {
        guard pods.count > count else { return pods }
        let order = pods.indices.sorted { (pods[$1].lifetime, $0) < (pods[$0].lifetime, $1) }
        return order.prefix(count).sorted().map { pods[$0] }
    }
}

extension CriticalPath {
    /// The longest steps, in the order of time.
    func longestSteps(_ count: Int) -> [Step] {
        let order = steps.indices.sorted { (steps[$1].seconds, $0) < (steps[$0].seconds, $1) }
        return order.prefix(count).sorted().map { steps[$0] }
    }
}
