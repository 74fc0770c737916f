import Telemetry

/// JSON values as YAML, block style. A string stands bare only where no reader of YAML, of whatever version, takes it for
/// something else.
enum YAMLText {
    static func render(_ value: JSONValue) -> String {
        switch value {
        case .object(let members) where !members.isEmpty: return object(members, indent: "")
        case .array(let items) where !items.isEmpty: return array(items, indent: "")
        case .string, .int, .double, .bool, .null, .array, .object: return scalar(value) + "\n"
        }
    }

    private static func object(_ members: [(String, JSONValue)], indent: String) -> String {
        members.map { "\(indent)\(key($0.0, indent: indent)):\(following($0.1, indent: indent))" }.joined()
    }

    /// YAML lets a key stand bare before its colon only up to 1,024 characters, and so it is written as an explicit one.
    private static func key(_ name: String, indent: String) -> String {
        let written = string(name)
        return written.utf8.count < 1024 ? written : "? \(written)\n\(indent)"
    }

    private static func array(_ items: [JSONValue], indent: String) -> String {
        items.map { item in
            guard case .object(let members) = item, !members.isEmpty else {
                return "\(indent)-\(following(item, indent: indent + "  "))"
            }
            // The first member on the dash's own line.
            return "\(indent)- " + object(members, indent: indent + "  ").dropFirst(indent.count + 2)
        }.joined()
    }

    /// What comes after a colon or a dash.
    private static func following(_ value: JSONValue, indent: String) -> String {
        switch value {
        case .object(let members) where !members.isEmpty: "\n" + object(members, indent: indent + "  ")
        case .array(let items) where !items.isEmpty: "\n" + array(items, indent: indent)
        case .string, .int, .double, .bool, .null, .array, .object: " \(scalar(value))\n"
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        if case .string(let text) = value { return string(text) }
        return json(value)
    }

    private static func string(_ text: String) -> String { isPlain(text) ? text : json(.string(text)) }

    /// A JSON text is a YAML text.
    private static func json(_ value: JSONValue) -> String {
        var bytes: [UInt8] = []
        JSONLine.append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Something else than a string to this reader or that one.
    private static let words: Set = [
        "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity",
    ]

    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.utf8.first, first.isLetter, text.utf8.last != UInt8(ascii: " ") else { return false }
        return text.utf8.allSatisfy {
            $0.isLetter || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 || " -_./".utf8.contains($0)
        }
            && !words.contains(text.lowercased())
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= self || (UInt8(ascii: "A")...UInt8(ascii: "Z")) ~= self
    }
}
