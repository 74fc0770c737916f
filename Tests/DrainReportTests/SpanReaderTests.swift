import Testing
import Timestamps

@testable import DrainReport

@Suite("SpanReader: a file of spans, line by line")
struct SpanReaderTests {
    private static let line =
        #"{"resourceSpans":[{"resource":{"attributes":[{"key":"k8s.node.name","value":{"stringValue":"n"}}]},"#
        + #""scopeSpans":[{"scope":{"name":"SCOPE"},"spans":[{"traceId":"t","spanId":"ID","name":"pod.evict","#
        + #""startTimeUnixNano":"1","endTimeUnixNano":2}]}]}]}"#

    private func line(_ id: String, scope: String = "drain-agent") -> String {
        Self.line.split(separator: "SCOPE").joined(separator: scope).split(separator: "ID").joined(separator: id)
    }

    private func read(_ text: String, pieces: Int = 1 << 20) -> (ids: [String], problems: SpanReader.Problems) {
        var reader = SpanReader()
        var ids: [String] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            ids += reader.push(rest.prefix(pieces)).map(\.id)
            rest = rest.dropFirst(pieces)
        }
        ids += reader.finish().map(\.id)
        return (ids, reader.problems)
    }

    @Test("however the bytes arrive, the spans are the same", arguments: [1, 7, 100, 1 << 20])
    func pieces(size: Int) {
        let text = line("a") + "\n\n" + line("b") + "\r\n" + line("c")
        let (ids, problems) = read(text, pieces: size)
        #expect(ids == ["a", "b", "c"])
        #expect(problems == SpanReader.Problems())
    }

    @Test("a last line without an end that makes no sense is what a crash leaves")
    func cutOff() {
        let (ids, problems) = read(line("a") + "\n" + line("b").prefix(90))
        #expect(ids == ["a"])
        #expect(problems == SpanReader.Problems(isCutOff: true))
    }

    @Test("other lines that make no sense are named by number, and the rest is read")
    func nonsense() {
        let (ids, problems) = read("{\n" + line("a") + "\n[1]\n" + line("b") + "\nx\n")
        #expect(ids == ["a", "b"])
        #expect(problems == SpanReader.Problems(lines: [1, 3, 5], count: 3))
    }

    @Test("of many bad lines all are counted and the first are named")
    func manyBad() {
        let (_, problems) = read(String(repeating: "x\n", count: 500))
        #expect(problems.count == 500)
        #expect(problems.lines == Array(1...20))
    }

    @Test("spans of other services, and other signals, are none of ours")
    func foreign() {
        let (ids, problems) = read(line("a", scope: "shop") + "\n{\"resourceMetrics\":[]}\n" + line("b") + "\n")
        #expect(ids == ["b"])
        #expect(problems == SpanReader.Problems())
    }

    @Test("a line longer than any of ours is skipped whole")
    func tooLong() {
        var reader = SpanReader(longestLine: 1000)
        let text = String(repeating: " ", count: 1001) + "\n" + line("a") + "\n"
        let ids = (reader.push(text.utf8.prefix(600)) + reader.push(text.utf8.dropFirst(600))).map(\.id)
        let problems = reader.problems
        #expect(ids == ["a"])
        #expect(problems == SpanReader.Problems(lines: [1], count: 1))
    }

    @Test("times are read as strings and as numbers; an end before its start is held there")
    func times() throws {
        var reader = SpanReader()
        let text = line("a") + "\n"
        let span = try #require(reader.push(Array(text.utf8)).first)
        #expect(span.start.nanoseconds == 1 && span.end.nanoseconds == 2)
        #expect(span.node == "n")
        let reversed = text.split(separator: "\"1\"").joined(separator: "\"9223372036854775807\"")
        let held = try #require(reader.push(Array(reversed.utf8)).first)
        #expect(held.end == held.start)
    }
}
