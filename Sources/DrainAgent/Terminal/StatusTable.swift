import DrainEngine
import DrainReport
import DrainTelemetry
import Timestamps

/// `drain-agent status`: how a drain stands, what holds it up first, then each pod that is not gone.
enum StatusTable {
    private static let widestMessage = 100

    static func lines(_ document: DrainDocument, columns: Int, at now: Timestamp, _ style: TerminalStyle)
        -> [StyledLine]
    {
        let view = DrainView(document)
        var lines = view.lines(columns: columns, rows: .max, at: now, style: style)
        if view.state == .idle { lines.append(StyledLine("no drain has begun: drain-agent trigger starts one")) }
        if !view.reason.isEmpty, view.outcome != .completed { lines.append(StyledLine(view.reason)) }
        let staying = (document.pods ?? []).filter { $0.phase != PodPhase.gone.rawValue }
        guard !staying.isEmpty else { return lines.map { $0.clipped(to: columns, style) } }
        var rows = [["NAMESPACE", "POD", "PHASE", "FOR", "ATTEMPTS", "WAITS FOR"]]
        rows += staying.map { pod in
            [
                pod.namespace, pod.name, pod.phase, DrainView.seconds((view.ended ?? now) - pod.since),
                "\(pod.attempts)",
                String(waits(pod).prefix(widestMessage)),
            ]
        }
        lines.append(StyledLine())
        lines += SummaryTable.aligned(rows.map { $0.map(PlainText.oneLine) }).enumerated().map { index, text in
            StyledLine(text, index == 0 ? .soft : .plain)
        }
        return lines.map { $0.clipped(to: columns, style) }
    }

    private static func waits(_ pod: DrainDocument.Pod) -> String {
        if let stuck = pod.stuck { return stuck.termination.text }
        if let budget = pod.pdb { return "budget \(budget)" }
        if let webhook = pod.webhook { return "webhook \(webhook)" }
        return pod.message ?? ""
    }
}
