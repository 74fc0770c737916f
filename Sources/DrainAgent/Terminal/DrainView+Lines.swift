import DrainEngine
import DrainReport
import DrainTelemetry
import KubernetesAPI
import Timestamps

extension DrainView {
    /// As the page's strip has them.
    private static let strip: [PodPhase] = [.gone, .terminating, .evicting, .queued, .retrying, .blocked, .failed]
    private static let widestBar = 100

    /// How it stands, what matters most first: no more lines than `rows`, none wider than `columns`.
    func lines(columns: Int, rows: Int, at now: Timestamp, style: TerminalStyle) -> [StyledLine] {
        var lines = [head(at: now)]
        if total > 0 { lines += [bar(columns: columns, style), legend(style)] }
        if !turn.isEmpty { lines.append(StyledLine(turn, .warning)) }
        if !lastError.isEmpty { lines.append(StyledLine("warning: \(lastError)", .warning)) }
        let left = max(0, rows - lines.count)
        let all = blockers.count + stuck.count + (volumes.isEmpty ? 0 : 1)
        lines += Self.fitting(obstacles(most: left, columns: columns, at: now, style), of: all, rows: left)
        return lines.prefix(max(0, rows)).map { $0.clipped(to: columns, style) }
    }

    /// `node/worker-3 draining  11 of 16 gone  1m4s  deadline in 8m56s  late by 30s`
    private func head(at now: Timestamp) -> StyledLine {
        var line = StyledLine("node/\(node)", .strong)
        line.add(" \(outcome?.text ?? state.rawValue)", look(of: outcome))
        if isDry { line.add(" (dry run)") }
        if total > 0 { line.add("  \(counts[.gone, default: 0]) of \(total) gone") }
        let end = ended ?? now
        if let started { line.add("  \(Self.seconds(end - started))") }
        guard outcome == nil else { return line }
        if let deadline {
            let left = deadline - now
            if left >= .zero {
                line.add("  deadline in \(Self.seconds(left))")
            } else {
                line.add("  deadline was \(Self.seconds(.zero - left)) ago", .alarm)
            }
        }
        switch overrun {
        case nil: break
        case .by: line.add("  late by \(overrun?.text ?? "")", .alarm)
        case .never: line.add("  never done by the deadline", .alarm)
        }
        return line
    }

    private func look(of outcome: DrainOutcome?) -> Look {
        switch outcome {
        case nil: .strong
        case .completed: .phase(.gone)
        case .incomplete, .timedOut, .failed: .alarm
        case .cancelled: .warning
        }
    }

    private func bar(columns: Int, _ style: TerminalStyle) -> StyledLine {
        var line = StyledLine()
        let cells = Self.cells(Self.strip.map { counts[$0, default: 0] }, in: min(columns, Self.widestBar))
        for (phase, count) in zip(Self.strip, cells) where count > 0 {
            line.add(String(repeating: Self.mark(phase, style), count: count), .phase(phase))
        }
        return line
    }

    private func legend(_ style: TerminalStyle) -> StyledLine {
        var line = StyledLine()
        for phase in Self.strip {
            guard let count = counts[phase], count > 0 else { continue }
            if !line.text.isEmpty { line.add("  ") }
            line.add("\(Self.mark(phase, style, alone: true)) ", .phase(phase))
            line.add("\(phase.rawValue) \(count)")
        }
        return line
    }

    /// So many of `width` cells for each; who has anything has one at least, as far as they go.
    static func cells(_ counts: [Int], in width: Int) -> [Int] {
        let total = max(1, counts.reduce(0, +))
        var cells = counts.map { $0 == 0 ? 0 : max(1, $0 * width / total) }
        while case let sum = cells.reduce(0, +), sum != width, sum > 0 {
            guard let most = cells.max(), let index = cells.firstIndex(of: most), sum < width || most > 1 else { break }
            cells[index] += sum < width ? width - sum : -1
        }
        return cells
    }

    /// Without colours, or without the characters, each phase has its letter.
    private static func mark(_ phase: PodPhase, _ style: TerminalStyle, alone: Bool = false) -> String {
        if style.isColored, style.hasBlocks { return alone ? "■" : "█" }
        return switch phase {
        case .gone: "#"
        case .terminating: "t"
        case .evicting: "e"
        case .queued: "."
        case .retrying: "r"
        case .blocked: "B"
        case .failed: "F"
        }
    }

    /// Each with the lines that belong together: blockers, those for good first, then pods that are overdue. There may be
    /// thousands: no more of a kind than there can be room for.
    private func obstacles(most: Int, columns: Int, at now: Timestamp, _ style: TerminalStyle) -> [[StyledLine]] {
        let edge = style.isColored && style.hasBlocks ? "▌ " : "! "
        let blocking = blockers.prefix(most).map { blocker -> [StyledLine] in
            let look = blocker.verdict.isForGood ? Look.alarm : .warning
            var line = StyledLine(edge, look).adding(blocker.name, .strong).adding(" \(blocker.verdict.text)", look)
            line.add("  \(Self.pods(blocker.pods)) for \(Self.seconds(now - blocker.since))")
            if !blocker.health.isEmpty { line.add("  \(blocker.health)", .soft) }
            let more = blocker.advice.isEmpty ? blocker.health.isEmpty ? blocker.message : "" : blocker.advice
            let words = Self.paragraph(PlainText.oneLine(more), columns: max(20, columns - 2), style)
            return [line] + words.map { StyledLine("  \($0)", blocker.advice.isEmpty ? .soft : .plain) }
        }
        let overdue = stuck.prefix(most).map { stuck in
            [StyledLine(edge, .phase(.terminating)).adding("pod \(stuck.pod)", .strong).adding(" \(stuck.text)")]
        }
        let attached =
            volumes.isEmpty
            ? [] : [[StyledLine("\(edge)volumes are still attached: \(volumes.joined(separator: ", "))")]]
        return blocking + overdue + attached
    }

    private static let longestParagraph = 3

    /// In three lines at most; the last one shows that something is missing.
    private static func paragraph(_ text: String, columns: Int, _ style: TerminalStyle) -> [String] {
        let lines = PlainText.wrapped(text, to: columns, indent: "", ellipsis: style.ellipsis)
        guard lines.count > longestParagraph else { return lines }
        let rest = lines[(longestParagraph - 1)...].joined(separator: " ")
        return lines.prefix(longestParagraph - 1)
            + [PlainText.clipped(rest, to: columns, ellipsis: style.ellipsis)]
    }

    /// As many as there is room for, and how many there are beside.
    private static func fitting(_ groups: [[StyledLine]], of all: Int, rows: Int) -> [StyledLine] {
        var lines: [StyledLine] = []
        for (index, group) in groups.enumerated() {
            let left = all - index
            guard lines.count + group.count + (left > 1 ? 1 : 0) <= rows else {
                // Its first line says who; better that than nothing.
                if lines.isEmpty, rows > (left > 1 ? 1 : 0), let first = group.first {
                    return [first] + (left > 1 ? [StyledLine("  and \(left - 1) more", .soft)] : [])
                }
                return lines.count < rows ? lines + [StyledLine("  and \(left) more", .soft)] : lines
            }
            lines += group
        }
        return lines
    }

    static func seconds(_ duration: Duration) -> String {
        GoDuration.format(.seconds(max(0, duration.components.seconds)))
    }

    static func pods(_ count: Int) -> String { ProgressLines.counted(count) }
}
