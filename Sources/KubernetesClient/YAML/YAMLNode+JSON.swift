extension YAMLNode {
    /// The value as JSON, with plain scalars resolved by YAML's core schema: what a credential plugin is handed.
    func appendJSON(to json: inout [UInt8]) {
        switch content {
        case .scalar(let text, let isPlain):
            json += isPlain ? Array(Self.plainJSON(text).utf8) : Array(Self.quoted(text).utf8)
        case .sequence(let items):
            json.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                item.appendJSON(to: &json)
            }
            json.append(UInt8(ascii: "]"))
        case .mapping(let entries):
            json.append(UInt8(ascii: "{"))
            for (index, entry) in entries.enumerated() {
                if index > 0 { json.append(UInt8(ascii: ",")) }
                json += Array(Self.quoted(entry.key).utf8) + [UInt8(ascii: ":")]
                entry.value.appendJSON(to: &json)
            }
            json.append(UInt8(ascii: "}"))
        }
    }

    /// `true` and `false` as YAML 1.1 writes them; `nil` for everything else.
    var boolean: Bool? {
        guard case .scalar(let text, isPlain: true) = content else { return nil }
        switch text {
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return true
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return false
        default: return nil
        }
    }

    private static func plainJSON(_ text: String) -> String {
        switch text {
        case "", "~", "null", "Null", "NULL": "null"
        case "true", "True", "TRUE": "true"
        case "false", "False", "FALSE": "false"
        default: isJSONNumber(text) ? text : quoted(text)
        }
    }

    /// JSON's own grammar of numbers; what only YAML takes for one (`0x1f`, `1_000`, `.inf`) stays text.
    private static func isJSONNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        func digits() -> Int {
            let count = rest.prefix(while: isDigit).count
            rest = rest.dropFirst(count)
            return count
        }
        if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let leadingZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole > 0, !(leadingZero && whole > 1) else { return false }
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            guard digits() > 0 else { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest.removeFirst()
            if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
            guard digits() > 0 else { return false }
        }
        return rest.isEmpty
    }

    static func quoted(_ text: String) -> String {
        var json = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": json += "\\\""
            case "\\": json += "\\\\"
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                json += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: json.unicodeScalars.append(scalar)
            }
        }
        return json + "\""
    }
}
