import DrainEngine
import DrainReport

/// How a piece of a line looks where there are colours.
enum Look: Equatable, Sendable {
    case plain, strong, soft, warning, alarm
    case phase(PodPhase)

    /// Select graphic rendition; the phases have the status page's colours.
    var sequence: String {
        switch self {
        case .plain: ""
        case .strong: "1"
        case .soft: "2"
        case .warning: "33"
        case .alarm: "1;31"
        case .phase(.gone): "32"
        case .phase(.terminating): "35"
        case .phase(.evicting): "34"
        case .phase(.queued): "90"
        case .phase(.retrying): "33"
        case .phase(.blocked): "31"
        case .phase(.failed): "1;31"
        }
    }
}

/// One line of text in pieces, without anything that a terminal would obey.
struct StyledLine: Equatable, Sendable {
    private var pieces: [(text: String, look: Look)] = []

    init() {}

    init(_ text: String, _ look: Look = .plain) { add(text, look) }

    mutating func add(_ text: String, _ look: Look = .plain) { pieces.append((PlainText.oneLine(text), look)) }

    func adding(_ text: String, _ look: Look = .plain) -> StyledLine {
        var line = self
        line.add(text, look)
        return line
    }

    var text: String { pieces.map(\.text).joined() }

    static func == (a: StyledLine, b: StyledLine) -> Bool {
        a.pieces.elementsEqual(b.pieces) { $0 == $1 }
    }

    /// Cut to so many columns, with an ellipsis for what is missing.
    func clipped(to columns: Int, _ style: TerminalStyle) -> StyledLine {
        var line = StyledLine()
        var left = columns
        for (index, piece) in pieces.enumerated() where left > 0 {
            let width = PlainText.width(piece.text)
            guard width < left else {
                let rest = pieces[index...].map(\.text).joined()
                line.pieces.append((PlainText.clipped(rest, to: left, ellipsis: style.ellipsis), piece.look))
                break
            }
            line.pieces.append(piece)
            left -= width
        }
        return line
    }

    /// Each piece ends its own colour: wherever the text is cut off, little is left behind.
    func rendered(isColored: Bool) -> String {
        pieces.map { piece in
            let sequence = piece.look.sequence
            guard isColored, !sequence.isEmpty, !piece.text.isEmpty else { return piece.text }
            return "\u{1B}[\(sequence)m\(piece.text)\u{1B}[0m"
        }.joined()
    }
}
