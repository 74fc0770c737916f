import Testing

@testable import DrainAgent

@Suite struct LiveFrameTests {
    private func block(_ lines: String...) -> [(text: String, width: Int)] { lines.map { ($0, $0.count) } }

    @Test("the block is replaced, what was printed stays above it")
    func inPlace() {
        var frame = LiveFrame()
        var sent = frame.text(columns: 80, lines: ["one"], block: block("head 1", "bar 1"))
        sent += frame.text(columns: 80, lines: [], block: block("head 2", "bar 2"))
        sent += frame.text(columns: 80, lines: ["two", "three"], block: block("head 3", "bar 3", "more"))
        sent += frame.text(columns: 80, lines: [], block: block("h 4"))
        #expect(Screen(sent).lines == ["one", "two", "three", "h 4"])
        sent += frame.text(columns: 80, lines: ["end"], block: [])
        #expect(Screen(sent).lines == ["one", "two", "three", "end"])
        #expect(Screen(sent).surprises.isEmpty)
    }

    @Test("a shorter line leaves nothing of the longer one before it")
    func shorter() {
        var frame = LiveFrame()
        let sent =
            frame.text(columns: 80, lines: [], block: block("a long line"))
            + frame.text(columns: 80, lines: [], block: block("short"))
        #expect(Screen(sent).lines == ["short"])
    }

    @Test(
        "a terminal that has become narrower shows each line on several rows, and all of them are taken back",
        arguments: [(80, 2), (10, 2), (9, 4), (5, 4), (4, 6), (1, 20)])
    func narrower(columns: Int, rows: Int) {
        var frame = LiveFrame()
        _ = frame.text(columns: 80, lines: [], block: block("0123456789", "0123456789"))
        #expect(frame.text(columns: columns, lines: ["x"], block: []).hasPrefix("\u{1B}[\(rows)A\r\u{1B}[J"))
    }

    @Test("what is left behind is not taken back")
    func left() {
        var frame = LiveFrame()
        _ = frame.text(columns: 80, lines: [], block: block("head"))
        frame.leave()
        #expect(frame.text(columns: 80, lines: [], block: block("again")) == "again\n")
        frame.leave()
        #expect(!frame.text(columns: 80, lines: ["x"], block: []).contains("\u{1B}"))
    }
}
