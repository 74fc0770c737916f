/// A label selector as `kubectl -l` writes it: `app=web,tier!=db,env in (a,b),!legacy`.
public struct LabelSelector: Sendable, Equatable {
    public enum Requirement: Sendable, Equatable {
        case isIn(key: String, values: Set<String>)
        case notIn(key: String, values: Set<String>)
        case exists(key: String)
        case absent(key: String)
    }

    /// What is wrong with the text, for people.
    public struct Malformed: Error, Equatable, CustomStringConvertible {
        public var description: String
    }

    public var requirements: [Requirement]

    /// No requirement: selects everything.
    public init(_ requirements: [Requirement] = []) { self.requirements = requirements }

    public init(parsing text: String) throws(Malformed) {
        requirements = []
        for part in Self.split(text) {
            let part = Self.trim(part)
            if part.isEmpty { throw Malformed(description: "label selector \"\(text)\": an empty requirement") }
            requirements.append(try Self.requirement(part))
        }
    }

    /// As Kubernetes has it: a label that is absent satisfies `!=` and `notin`.
    public func matches(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { requirement in
            switch requirement {
            case .isIn(let key, let values): labels[key].map(values.contains) ?? false
            case .notIn(let key, let values): labels[key].map { !values.contains($0) } ?? true
            case .exists(let key): labels[key] != nil
            case .absent(let key): labels[key] == nil
            }
        }
    }

    /// At commas outside parentheses.
    private static func split(_ text: String) -> [Substring] {
        if trim(text[...]).isEmpty { return [] }
        var parts: [Substring] = []
        var start = text.startIndex
        var depth = 0
        for index in text.indices {
            switch text[index] {
            case "(": depth += 1
            case ")": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        return parts + [text[start...]]
    }

    private static func requirement(_ part: Substring) throws(Malformed) -> Requirement {
        if part.hasSuffix(")"), let open = part.firstIndex(of: "(") {
            let words = part[..<open].split(separator: " ")
            let values = Set(part[part.index(after: open)...].dropLast().split(separator: ",").map { String(trim($0)) })
            guard words.count == 2 else { throw malformed(part) }
            for value in values { try check(value[...], in: part, isKey: false) }
            switch words[1] {
            case "in": return .isIn(key: try key(words[0], in: part), values: values)
            case "notin": return .notIn(key: try key(words[0], in: part), values: values)
            default: throw malformed(part)
            }
        }
        for (sign, negated) in [("!=", true), ("==", false), ("=", false)] {
            guard let range = range(of: sign, in: part) else { continue }
            let name = try key(trim(part[..<range.lowerBound]), in: part)
            let value = trim(part[range.upperBound...])
            try check(value, in: part, isKey: false)
            return negated ? .notIn(key: name, values: [String(value)]) : .isIn(key: name, values: [String(value)])
        }
        if part.hasPrefix("!") { return .absent(key: try key(trim(part.dropFirst()), in: part)) }
        return .exists(key: try key(part, in: part))
    }

    private static func range(of sign: String, in part: Substring) -> Range<Substring.Index>? {
        var index = part.startIndex
        while index < part.endIndex {
            if part[index...].hasPrefix(sign) { return index..<part.index(index, offsetBy: sign.count) }
            index = part.index(after: index)
        }
        return nil
    }

    private static func key(_ text: Substring, in part: Substring) throws(Malformed) -> String {
        try check(text, in: part, isKey: true)
        return String(text)
    }

    private static func check(_ text: Substring, in part: Substring, isKey: Bool) throws(Malformed) {
        let allowed = text.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0) || (isKey && $0 == "/"))
        }
        guard allowed, !(isKey && text.isEmpty) else { throw malformed(part) }
    }

    private static func malformed(_ part: Substring) -> Malformed {
        Malformed(description: "label selector: cannot read \"\(part)\"")
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
