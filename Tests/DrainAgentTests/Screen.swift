/// What a terminal shows after what it was sent: as much of one as a drain may need.
struct Screen {
    private(set) var rows: [[Character]] = [[]]
    /// What no drain should send.
    private(set) var surprises: [String] = []
    private var row = 0
    private var column = 0
    private var isColored = false

    init(_ text: String) {
        var rest = Substring(text)
        while let character = rest.popFirst() {
            switch character {
            case "\r": column = 0
            case "\n", "\r\n":
                (row, column) = (row + 1, 0)
                if row == rows.count { rows.append([]) }
            case "\u{1B}": obey(&rest)
            case _ where character.unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }:
                surprises.append(character.debugDescription)
            default: put(character)
            }
        }
        if isColored { surprises.append("it ends in a colour") }
    }

    /// Without empty ones at the end.
    var lines: [String] {
        var lines = rows.map { String($0) }
        while lines.last == "" { lines.removeLast() }
        return lines
    }

    func count(_ text: String) -> Int { lines.count { $0.contains(text) } }

    private mutating func put(_ character: Character) {
        while rows[row].count <= column { rows[row].append(" ") }
        rows[row][column] = character
        column += 1
    }

    private mutating func obey(_ rest: inout Substring) {
        guard rest.popFirst() == "[", let end = rest.firstIndex(where: \.isLetter) else {
            return surprises.append("an escape that is no control sequence")
        }
        let parameters = String(rest[..<end])
        let final = rest[end]
        rest = rest[rest.index(after: end)...]
        switch (final, parameters) {
        case ("A", _):
            row -= Int(parameters) ?? 1
            if row < 0 { surprises.append("above the first line") }
            row = max(0, row)
        case ("J", ""):
            rows.removeSubrange((row + 1)...)
            rows[row].removeSubrange(min(column, rows[row].count)...)
        case ("K", ""): rows[row].removeSubrange(min(column, rows[row].count)...)
        case ("m", _): isColored = parameters != "0"
        default: surprises.append("ESC [ \(parameters) \(final)")
        }
    }
}
