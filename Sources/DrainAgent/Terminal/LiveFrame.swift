/// What makes one state of the live view of the one before: lines for good, and below them a block that is replaced.
///
/// The cursor rests below the block at the left edge, in no colour and visible: whenever the program ends, however, there is
/// nothing to put right.
struct LiveFrame {
    /// How wide the lines of the block are that stands there now.
    private(set) var drawn: [Int] = []

    /// - Parameters:
    ///   - columns: of the terminal now; one that has become narrower has broken the lines that stand there.
    ///   - lines: they stay.
    ///   - block: rendered, and how wide; each narrower than `columns`.
    mutating func text(columns: Int, lines: [String], block: [(text: String, width: Int)]) -> String {
        let rows = drawn.reduce(0) { $0 + max(1, ($1 + columns - 1) / columns) }
        drawn = block.map(\.width)
        var text = rows > 0 ? "\u{1B}[\(rows)A\r" : ""
        guard !lines.isEmpty || rows != block.count else {
            // In place, line by line: nothing flickers.
            for line in block { text += "\(line.text)\u{1B}[K\n" }
            return text
        }
        if rows > 0 { text += "\u{1B}[J" }
        // Whoever writes it ends it with a newline.
        if lines.isEmpty, block.isEmpty { text += "\u{1B}[A" }
        for line in lines { text += "\(line)\n" }
        for line in block { text += "\(line.text)\n" }
        return text
    }

    /// What stands there now stays.
    mutating func leave() { drawn = [] }
}
