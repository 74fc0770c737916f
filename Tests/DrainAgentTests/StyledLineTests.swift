import DrainReport
import Testing

@testable import DrainAgent

@Suite struct StyledLineTests {
    @Test("each piece ends its own colour, and without colours there is only text")
    func rendered() {
        let line = StyledLine("pod ", .strong).adding("a").adding(" is late", .alarm)
        #expect(line.rendered(isColored: true) == "\u{1B}[1mpod \u{1B}[0ma\u{1B}[1;31m is late\u{1B}[0m")
        #expect(line.rendered(isColored: false) == "pod a is late")
    }

    @Test(
        "it is cut to its columns, wherever the pieces meet",
        arguments: [(20, "ab日本cd"), (8, "ab日本cd"), (7, "ab日本…"), (6, "ab日…"), (3, "ab…"), (2, "a…"), (1, "…"), (0, "")])
    func clipped(columns: Int, text: String) {
        let whole = StyledLine("ab", .strong).adding("日本").adding("cd")
        let line = whole.clipped(to: columns, TerminalStyle(isLive: true, isColored: true, hasBlocks: true))
        #expect(line.text == text)
        #expect(PlainText.width(line.text) <= columns)
        #expect(whole.clipped(to: columns, .plain).text == text.replacing("…", with: "~"))
    }

    @Test("nothing in a name or a message is obeyed by a terminal")
    func hostile() {
        let line = StyledLine("a\u{1B}[2Jb\r\nc\u{9B}1md\u{202E}e\u{7F}")
        #expect(line.text == "a [2Jb  c 1md e ")
        #expect(Screen(line.rendered(isColored: true)).surprises.isEmpty)
    }
}
