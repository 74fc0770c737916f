import DrainEngine
public import Telemetry
import Timestamps

extension Report {
    /// Everything, under names that stay; docs/report.md has them for people.
    public var json: JSONValue {
        .object([
            ("drains", .array(drains.map(\.json))),
            (
                "files",
                .array(
                    files.map { name, problems in
                        .object([
                            ("name", .string(name)), ("unreadable_lines", .int(Int64(problems.count))),
                            ("unreadable_line_numbers", .array(problems.lines.map { .int(Int64($0)) })),
                            ("cut_off", .bool(problems.isCutOff)),
                        ])
                    })
            ),
        ])
    }
}

extension DrainStory {
    fileprivate var json: JSONValue {
        let findings = Findings(self)
        return .object([
            ("node", .string(node)), ("drain_id", text(id)), ("trace_id", .string(traceID)), ("trigger", text(trigger)),
            ("dry_run", text(dryRun)), ("resumed", .bool(isResumed)), ("ending", .string(endingWord)),
            ("outcome", text(outcomeWord)), ("reason", .string(reason)), ("start", moment(start)), ("end", moment(end)),
            ("duration_seconds", .double(seconds)), ("deadline", deadline.map(moment) ?? .null),
            ("headline", .string(headline(findings.path.verdict))),
            (
                "pod_counts",
                .object([
                    ("total", .int(Int64(counts.total))), ("evicted", .int(Int64(counts.evicted))),
                    ("vanished", .int(Int64(counts.vanished))), ("failed", .int(Int64(counts.failed))),
                    ("remaining", .int(Int64(counts.remaining))),
                    ("excluded", counts.excluded.map { .int(Int64($0)) } ?? .null),
                ])
            ),
            ("runs", .array(runs.map { .object([("start", moment($0.start)), ("end", moment($0.end))]) })),
            (
                "turns",
                .array(
                    turns.map {
                        .object([
                            ("start", moment($0.start)), ("end", moment($0.end)), ("outcome", .string($0.outcome)),
                            ("holders", .array($0.holders.map { .string($0) })),
                        ])
                    })
            ),
            ("critical_path", .array(findings.path.steps.map(\.json))),
            ("eviction_requests", .int(Int64(findings.attempts))), ("retries", .int(Int64(findings.retries))),
            (
                "answers",
                .object(findings.answers.map { ($0.word, .int(Int64($0.count))) })
            ),
            ("blockers", .array(findings.blockers.map(\.json))), ("pods", .array(pods.map(\.json))),
            (
                "happenings",
                .array(happenings.map { .object([("at", moment($0.at)), ("text", .string($0.text))]) })
            ),
        ])
    }

    private var endingWord: String {
        switch ending {
        case .ended: "ended"
        case .interrupted: "interrupted"
        case .cutOff: "cut_off"
        }
    }

    private var outcomeWord: String? {
        guard case .ended(let outcome) = ending else { return nil }
        return outcome
    }
}

extension CriticalPath.Step {
    fileprivate var json: JSONValue {
        let subject: String
        switch cause {
        case .blocked(let blocker): subject = blocker
        case .retrying(let answer): subject = answer
        case .preparing, .turn, .queued, .evicting, .terminating, .finishing, .noAgent: subject = ""
        }
        return .object([
            ("start", moment(start)), ("end", moment(end)), ("seconds", .double(seconds)),
            ("waited_for", .string(cause.word)), ("subject", .string(subject)), ("pod", .string(pod)),
        ])
    }
}

extension CriticalPath.Cause {
    fileprivate var word: String {
        switch self {
        case .preparing: "preparing"
        case .turn: "turn"
        case .queued: "queued"
        case .evicting: "evicting"
        case .blocked: "blocked"
        case .retrying: "retrying"
        case .terminating: "terminating"
        case .finishing: "finishing"
        case .noAgent: "no_agent"
        }
    }
}

extension Findings.Blocker {
    fileprivate var json: JSONValue {
        .object([
            ("name", .string(name)), ("pods", .int(Int64(pods))), ("pod_seconds", .double(seconds)),
            ("longest_seconds", .double(longest)), ("refusals", .int(Int64(refusals))),
            ("never_allowed", .int(Int64(abandoned))), ("verdict", .string(verdict)), ("advice", .string(advice)),
            ("message", .string(message)),
        ])
    }
}

extension PodStory {
    fileprivate var json: JSONValue {
        .object([
            ("namespace", .string(namespace)), ("name", .string(name)), ("uid", .string(uid)), ("tier", .string(tier)),
            ("start", moment(start)), ("end", moment(end)), ("result", text(result)), ("last_phase", text(lastPhase)),
            ("whole", .bool(isWhole)),
            (
                "seconds",
                .object(PhaseLook.shown.map { ($0.rawValue, .double(seconds[$0] ?? 0)) })
            ),
            ("eviction_requests", .int(Int64(attempts))), ("retries", .int(Int64(retries))),
            ("answers", .object(answers.sorted { $0.key < $1.key }.map { ($0.key, .int(Int64($0.value))) })),
            (
                "stretches",
                .array(
                    stretches.map {
                        .object([
                            ("phase", .string($0.phase.rawValue)), ("start", moment($0.start)), ("end", moment($0.end)),
                            ("cause", .string($0.cause)),
                        ])
                    })
            ),
            ("stuck", text(stuck)), ("deleted_at_deadline", .bool(isDeletedAtDeadline)), ("message", .string(message)),
        ])
    }
}

private func moment(_ moment: Timestamp) -> JSONValue { .string(moment.rfc3339(.microseconds)) }

private func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
