import Testing

@testable import DrainAgent

@Suite struct TerminalStyleTests {
    @Test(
        "a live view is for terminals that can show one, unless somebody minds",
        arguments: [
            (true, nil, ["TERM": "xterm"], true, true), (false, nil, ["TERM": "xterm"], false, false),
            (true, nil, ["TERM": "dumb"], false, false), (true, nil, [:], false, false),
            (true, nil, ["TERM": "xterm", "NO_COLOR": "1"], false, false),
            (true, nil, ["TERM": "xterm", "NO_COLOR": ""], true, true),
            (true, false, ["TERM": "xterm"], false, true),
            (true, true, ["TERM": "xterm", "NO_COLOR": "1"], true, false),
            (true, true, ["TERM": "dumb"], false, false), (false, true, ["TERM": "xterm"], false, false),
        ] as [(Bool, Bool?, [String: String], Bool, Bool)])
    func live(isTerminal: Bool, wanted: Bool?, environment: [String: String], isLive: Bool, isColored: Bool) {
        let style = TerminalStyle(isTerminal: isTerminal, wanted: wanted, environment: environment)
        #expect(style.isLive == isLive)
        #expect(style.isColored == isColored)
    }

    @Test(
        "characters beyond ASCII are for locales that have them, the first variable that is set deciding",
        arguments: [
            (["LANG": "de_DE.UTF-8"], true), (["LANG": "C.utf8"], true), (["LANG": "C"], false), ([:], false),
            (["LC_ALL": "C", "LANG": "C.UTF-8"], false),
            (["LC_ALL": "", "LC_CTYPE": "en_US.UTF-8", "LANG": "C"], true),
        ])
    func blocks(environment: [String: String], hasBlocks: Bool) {
        #expect(TerminalStyle(isTerminal: true, wanted: nil, environment: environment).hasBlocks == hasBlocks)
    }
}
