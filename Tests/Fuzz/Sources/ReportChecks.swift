import FoundationEssentials
import Telemetry

@testable import DrainReport

/// Files of spans, by whomever.
enum ReportChecks {
    static func spans(_ bytes: [UInt8]) {
        let atOnce = read([bytes])
        let inPieces = read(bytes.pieces)
        require(atOnce.problems == inPieces.problems, "what is wrong with a file does not depend on how it is cut")
        require(atOnce.spans.elementsEqual(inPieces.spans, by: same), "spans do not depend on how they are cut")
        var builder = ReportBuilder()
        for span in atOnce.spans { builder.add(span) }
        let report = builder.report(files: [("spans.jsonl", atOnce.problems)])
        for drain in report.drains { path(drain) }
        for line in TextReport(report, width: 80, isColored: false).lines {
            require(PlainText.width(line) <= 80, "no line is wider than the terminal: \(line)")
            require(PlainText.oneLine(line) == line, "nothing that a terminal obeys")
        }
        let page = HTMLReport(report).text
        require(Array(page.utf8).count(of: Array("<script".utf8)) == 0, "nothing that a browser runs")
        require(page.hasSuffix("</body></html>\n"), "a whole page")
        var json: [UInt8] = []
        JSONLine.append(report.json, to: &json)
        struct AnyReport: Decodable { var drains: [[String: Skipped]] }
        struct Skipped: Decodable { init(from decoder: any Decoder) throws {} }
        require(ObjectChecks.decoded(json, AnyReport.self)?.drains.count == report.drains.count, "the report is JSON")
    }

    /// It fills the drain without a gap.
    private static func path(_ drain: DrainStory) {
        let steps = CriticalPath(drain).steps
        for (step, next) in zip(steps, steps.dropFirst()) { require(step.end == next.start, "no gap: \(steps)") }
        for pod in drain.pods { require(pod.seconds.values.allSatisfy { $0 >= 0 }, "no time is less than none") }
    }

    private static func same(_ a: SpanRecord, _ b: SpanRecord) -> Bool {
        a.id == b.id && a.traceID == b.traceID && a.parent == b.parent && a.name == b.name && a.start == b.start
            && a.end == b.end && a.attributes.count == b.attributes.count && a.events.count == b.events.count
            && a.message == b.message && a.instance == b.instance && a.node == b.node
    }

    private static func read(_ pieces: [[UInt8]]) -> (spans: [SpanRecord], problems: SpanReader.Problems) {
        var reader = SpanReader(longestLine: 1 << 14)
        var spans: [SpanRecord] = []
        for piece in pieces { spans += reader.push(piece) }
        spans += reader.finish()
        return (spans, reader.problems)
    }
}
