import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Timestamps

/// What became of each pod, for the end of a drain.
enum SummaryTable {
    static func lines(_ status: DrainStatus, _ summary: DrainSummary, at now: Timestamp) -> [String] {
        let isDry = (status.policy?.dryRun ?? .none) != .none
        var rows = [["NAMESPACE", "POD", "RESULT", "ATTEMPTS", "MESSAGE"]]
        for pod in status.pods.sorted(by: { ($0.pod.namespace, $0.pod.name) < ($1.pod.namespace, $1.pod.name) }) {
            rows.append([
                pod.pod.namespace, pod.pod.name, result(of: pod, isDry), String(pod.attempts), message(of: pod),
            ])
        }
        for (pod, reason) in status.excluded {
            rows.append([pod.namespace, pod.name, "left", "0", reason.text])
        }
        let elapsed = GoDuration.format(now - (status.startedAt ?? now))
        var last = "node/\(status.node) \(summary.outcome.text) in \(elapsed)"
        if isDry, summary.outcome == .completed { last = "node/\(status.node) would be drained" }
        if !summary.reason.isEmpty, summary.outcome != .cancelled { last += ": \(summary.reason.onOneLine)" }
        return (rows.count > 1 ? aligned(rows) : []) + advice(status) + [last]
    }

    private static func message(of pod: DrainStatus.PodState) -> String {
        if pod.phase == .gone { return pod.isDeletedAtDeadline ? "deleted at the deadline" : "" }
        return String((pod.stuck?.text ?? pod.message).prefix(100)).onOneLine
    }

    /// What a person can do about who still said no in the end.
    private static func advice(_ status: DrainStatus) -> [String] {
        guard let summary = status.summary, summary.outcome != .completed else { return [] }
        return status.judgements.values.sorted { "\($0.blocker)" < "\($1.blocker)" }.filter { !$0.advice.isEmpty }
            .map { "\($0.blocker) (\($0.verdict.rawValue)): \($0.advice)".onOneLine }
    }

    /// A dry run's phases are what would become of the pods.
    private static func result(of pod: DrainStatus.PodState, _ isDry: Bool) -> String {
        switch pod.phase {
        case .gone, .queued: isDry ? "would go" : pod.phase.rawValue
        case .failed: isDry ? "would stay" : pod.phase.rawValue
        case .evicting, .blocked, .retrying, .terminating: pod.phase.rawValue
        }
    }

    static func aligned(_ rows: [[String]]) -> [String] {
        let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(
                separator: "   ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}

extension DrainOutcome {
    /// For people.
    var text: String {
        switch self {
        case .completed: "drained"
        case .incomplete: "not drained: incomplete"
        case .timedOut: "not drained: timed out"
        case .cancelled: "drain cancelled"
        case .failed: "not drained: could not start"
        }
    }
}
