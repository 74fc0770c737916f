/// Reads the grammar of apimachinery's `labels.Parse`.
struct LabelSelectorParser {
    private enum Token: Equatable {
        case word(String)
        /// `=`, `==`, `!=`, `!`, `>`, `<`, `(`, `)` or `,`.
        case sign(String)
        case end
    }

    private let text: String
    private var tokens: ArraySlice<Token>

    init(_ text: String) {
        self.text = text
        tokens = Self.tokens(of: text)[...]
    }

    mutating func requirements() throws(LabelSelector.Malformed) -> [LabelSelector.Requirement] {
        guard next != .end else { return [] }
        var requirements = [try requirement()]
        while take(",") { requirements.append(try requirement()) }
        guard next == .end else { throw malformed("expected a comma or the end") }
        return requirements
    }

    private mutating func requirement() throws(LabelSelector.Malformed) -> LabelSelector.Requirement {
        if take("!") { return .absent(key: try key()) }
        let key = try key()
        switch next {
        case .end, .sign(","): return .exists(key: key)
        case .word("in"):
            tokens.removeFirst()
            return .isIn(key: key, values: try values())
        case .word("notin"):
            tokens.removeFirst()
            return .notIn(key: key, values: try values())
        default: break
        }
        if take("=") || take("==") { return .isIn(key: key, values: [try value()]) }
        if take("!=") { return .notIn(key: key, values: [try value()]) }
        if take(">") { return .greater(key: key, than: try number()) }
        if take("<") { return .less(key: key, than: try number()) }
        throw malformed("expected one of = == != in notin > < after \(key)")
    }

    private mutating func key() throws(LabelSelector.Malformed) -> String {
        guard case .word(let key) = next else { throw malformed("expected the name of a label") }
        guard LabelSyntax.isKey(key) else { throw malformed("\(key) is not the name of a label") }
        tokens.removeFirst()
        return key
    }

    /// One value; nothing at all is the empty one.
    private mutating func value() throws(LabelSelector.Malformed) -> String {
        guard case .word(let value) = next else { return "" }
        guard LabelSyntax.isValue(value) else { throw malformed("\(value) is not a value of a label") }
        tokens.removeFirst()
        return value
    }

    private mutating func values() throws(LabelSelector.Malformed) -> Set<String> {
        guard take("(") else { throw malformed("expected (") }
        guard next != .sign(")") else { throw malformed("a set of values cannot be empty") }
        var values: Set<String> = [try value()]
        while take(",") { values.insert(try value()) }
        guard take(")") else { throw malformed("expected , or )") }
        return values
    }

    private mutating func number() throws(LabelSelector.Malformed) -> Int64 {
        guard let number = Int64(try value()) else { throw malformed("> and < compare with an integer") }
        return number
    }

    private var next: Token { tokens.first ?? .end }

    private mutating func take(_ sign: String) -> Bool {
        guard next == .sign(sign) else { return false }
        tokens.removeFirst()
        return true
    }

    private func malformed(_ problem: String) -> LabelSelector.Malformed {
        LabelSelector.Malformed(description: "label selector \"\(text)\": \(problem)")
    }

    private static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var rest = text.unicodeScalars[...]
        while let first = rest.first {
            if " \t\r\n".unicodeScalars.contains(first) {
                rest.removeFirst()
            } else if let sign = ["==", "!=", "=", "!", "(", ")", ",", ">", "<"].first(where: {
                rest.starts(with: $0.unicodeScalars)
            }) {
                tokens.append(.sign(sign))
                rest.removeFirst(sign.unicodeScalars.count)
            } else {
                let word = rest.prefix { !" \t\r\n=!(),<>".unicodeScalars.contains($0) }
                tokens.append(.word(String(word)))
                rest.removeFirst(word.count)
            }
        }
        return tokens
    }
}
