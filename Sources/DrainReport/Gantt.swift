import DrainEngine
import Timestamps

/// A timeline as inline SVG: a row a pod, a rectangle a stretch, its facts as a tooltip.
struct Gantt {
    struct Row {
        var label: String
        var bars: [(style: String, start: Timestamp, end: Timestamp, tip: String)]
        var note: String
    }

    let start: Timestamp
    let end: Timestamp
    let rows: [Row]

    private static let width = 1000.0
    private static let labels = 260.0
    private static let notes = 110.0
    private static let height = 18.0

    func draw(into markup: inout Markup) {
        let total = Double(rows.count) * Self.height + 24
        markup.element(
            "svg",
            with: [
                ("viewBox", "0 0 \(Self.decimal(Self.width)) \(Self.decimal(total))"), ("role", "img"),
                ("aria-label", "timeline"), ("xmlns", "http://www.w3.org/2000/svg"),
            ]
        ) { svg in
            ticks(&svg, total)
            for (index, row) in rows.enumerated() { draw(row, at: 20 + Double(index) * Self.height, &svg) }
        }
    }

    private func ticks(_ svg: inout Markup, _ total: Double) {
        let seconds = (end - start).inSeconds
        for part in 0...4 {
            let x = Self.labels + (Self.width - Self.labels - Self.notes) * Double(part) / 4
            let position = Self.decimal(x)
            svg.element(
                "line",
                with: [
                    ("class", "tick"), ("x1", position), ("x2", position), ("y1", "16"), ("y2", Self.decimal(total)),
                ],
                "")
            svg.element(
                "text", with: [("x", position), ("y", "11"), ("text-anchor", "middle")],
                "+" + Amount.text(seconds * Double(part) / 4))
        }
    }

    private func draw(_ row: Row, at y: Double, _ svg: inout Markup) {
        let middle = Self.decimal(y + 13)
        svg.element("text", with: [("x", Self.decimal(Self.labels - 6)), ("y", middle), ("text-anchor", "end")]) {
            text in
            text.element("title", row.label)
            text.plain(PlainText.clipped(row.label, to: 40))
        }
        for bar in row.bars {
            let (left, right) = (position(bar.start), position(bar.end))
            svg.element(
                "rect",
                with: [
                    ("class", bar.style), ("x", Self.decimal(left)), ("y", Self.decimal(y + 3)),
                    // What is too short to be seen is a hairline.
                    ("width", Self.decimal(max(right - left, 0.6))), ("height", Self.decimal(Self.height - 5)),
                ]
            ) { $0.element("title", bar.tip) }
        }
        svg.element(
            "text", with: [("x", Self.decimal(Self.width - Self.notes + 6)), ("y", middle)],
            PlainText.clipped(row.note, to: 20))
    }

    private func position(_ moment: Timestamp) -> Double {
        let share = (moment - start).inSeconds / max((end - start).inSeconds, 0.001)
        return Self.labels + (Self.width - Self.labels - Self.notes) * min(max(share, 0), 1)
    }

    private static func decimal(_ number: Double) -> String { Amount.tenths(number) }
}

extension Gantt {
    /// A drain by pod.
    init(_ drain: DrainStory) {
        start = drain.start
        end = drain.end
        rows = drain.pods.map { pod in
            Row(
                label: pod.title,
                bars: pod.stretches.map { stretch in
                    let cause = stretch.cause.isEmpty ? "" : ": \(stretch.cause)"
                    let after = Amount.text((stretch.start - drain.start).inSeconds)
                    let tip = "\(stretch.phase.rawValue)\(cause), \(Amount.text(stretch.seconds)) from +\(after)"
                    return (stretch.phase.rawValue, stretch.start, stretch.end, tip)
                }, note: "\(Amount.text(pod.lifetime)) \(pod.fate)")
        }
    }

    /// A fleet by drain.
    init(_ drains: [DrainStory]) {
        let start = drains.map(\.start).min() ?? Timestamp(nanoseconds: 0)
        self.start = start
        end = drains.map(\.end).max() ?? start
        rows = drains.map { drain in
            let whole = (
                style: "drain", start: drain.start, end: drain.end,
                tip: "\(drain.outcome), \(Amount.text(drain.seconds))"
            )
            let turns = drain.turns.map { turn in
                let seconds = Amount.text((turn.end - turn.start).inSeconds)
                return (style: "queued", start: turn.start, end: turn.end, tip: "waits for its turn, \(seconds)")
            }
            return Row(
                label: drain.node, bars: [whole] + turns, note: "\(Amount.text(drain.seconds)) \(drain.outcome)")
        }
    }
}
