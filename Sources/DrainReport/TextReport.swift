import DrainEngine
import Timestamps

/// A report for a terminal. No line is wider than `width`, whatever names the files hold.
public struct TextReport {
    private let report: Report
    private let width: Int
    private let isColored: Bool
    /// Pods in a timeline, and lines in a table: the rest is counted.
    static let pods = 40
    static let rows = 10

    /// `width`: columns, at least 80.
    public init(_ report: Report, width: Int, isColored: Bool) {
        self.report = report
        self.width = max(80, width)
        self.isColored = isColored
    }

    public var lines: [String] {
        var sections: [[String]] = []
        if report.drains.count > 1 { sections.append(fleet) }
        for drain in report.drains {
            if report.drains.count > 1 { sections.append([String(repeating: "─", count: width)]) }
            sections += DrainText(drain, width: width, isColored: isColored).sections
        }
        let warnings = report.warnings
        if !warnings.isEmpty {
            sections.append(
                warnings.flatMap { PlainText.wrapped(PlainText.oneLine("warning: \($0)"), to: width, indent: "  ") })
        }
        return Array(sections.joined(separator: [""]))
    }

    /// A line a drain, and all of them beside each other in time.
    private var fleet: [String] {
        let drains = report.drains
        let start = drains.map(\.start).min() ?? Timestamp(nanoseconds: 0)
        let end = drains.map(\.end).max() ?? start
        var table = TextTable(["NODE", "OUTCOME", "START", "TOOK", "PODS", "WAITED"])
        for drain in drains {
            table.add([
                drain.node, drain.outcome, drain.start.rfc3339(), Amount.text(drain.seconds), "\(drain.counts.total)",
                drain.headline(CriticalPath(drain).verdict),
            ])
        }
        let label = min(drains.map { PlainText.width(PlainText.oneLine($0.node)) }.max() ?? 0, 30)
        let columns = width - label - 4
        let bars = drains.map { drain in
            var bar = Bar(from: start, to: end, columns: columns)
            bar.fill("=", from: drain.start, to: drain.end)
            var letters = bar.letters
            var turns = Bar(from: start, to: end, columns: columns)
            for turn in drain.turns { turns.fill("w", from: turn.start, to: turn.end) }
            for (column, letter) in turns.letters.enumerated() where letter == "w" { letters[column] = "w" }
            return "  \(PlainText.padded(PlainText.oneLine(drain.node), to: label))  \(String(letters))"
        }
        let slice = Amount.text((end - start).inSeconds / Double(max(columns, 1)))
        return ["\(drains.count) drains, \(start.rfc3339()) to \(end.rfc3339())", ""] + table.lines(width: width)
            + ["", "One column is \(slice): = drains, w waits for its turn"] + bars
    }
}

/// Columns that line up; the last one takes what width is left.
struct TextTable {
    private var rows: [[String]]
    var indent = "  "

    init(_ head: [String]) { rows = [head] }

    var isEmpty: Bool { rows.count < 2 }

    mutating func add(_ row: [String]) { rows.append(row.map(PlainText.oneLine)) }

    func lines(width: Int) -> [String] {
        let count = rows[0].count
        var widths = (0..<count).map { column in rows.map { PlainText.width($0[column]) }.max() ?? 0 }
        // Names give way first, then everything.
        let available = width - indent.count - 2 * (count - 1)
        while widths.dropLast().reduce(0, +) > available - 12, let most = widths.dropLast().max(), most > 6 {
            widths[widths.firstIndex(of: most) ?? 0] -= 1
        }
        widths[count - 1] = max(0, available - widths.dropLast().reduce(0, +))
        return rows.map { row in
            var line = indent + zip(row, widths).map { PlainText.padded($0, to: $1) }.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line
        }
    }
}
