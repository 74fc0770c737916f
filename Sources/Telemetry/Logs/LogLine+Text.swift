import Timestamps

extension LogLine {
    /// For people: `15:04:05.123 INFO  message key=value nested.key="two words"` and a newline; the time is UTC.
    ///
    /// No value can break the line or reach the terminal as a command: control characters are escaped.
    public func text(color: Bool = false) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        // 2006-01-02T15:04:05.123456Z
        bytes.append(contentsOf: at.rfc3339(.microseconds).utf8.suffix(16).prefix(12))
        bytes.append(" ")
        if color { bytes.append(level.colorSequence) }
        bytes.append(level.column)
        if color { bytes.append("\u{1b}[0m") }
        bytes.append(" ")
        Self.append(plain: message, to: &bytes)
        for (key, value) in fields { Self.append(key, value, to: &bytes) }
        bytes.append("\n")
        return bytes
    }

    private static func append(_ key: String, _ value: JSONValue, to bytes: inout [UInt8]) {
        if case .object(let members) = value {
            for (name, member) in members { append("\(key).\(name)", member, to: &bytes) }
            return
        }
        bytes.append(" ")
        append(plain: key, to: &bytes)
        bytes.append("=")
        if case .string(let text) = value, !needsQuotes(text) {
            bytes.append(text)
        } else {
            JSONLine.append(value, to: &bytes)
        }
    }

    /// Escaped like a JSON string, without the quotes around it.
    private static func append(plain text: String, to bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(jsonString: text)
        bytes.removeLast()
        bytes.remove(at: start)
    }

    /// Whether a value could be mistaken for more than one, or would be escaped.
    private static func needsQuotes(_ text: String) -> Bool {
        text.isEmpty
            || text.unicodeScalars.contains { scalar in
                switch scalar {
                case "\"", "\\", "=", "\u{7f}"..."\u{9f}": true
                default: scalar.properties.isWhitespace || scalar.value < 0x20
                }
            }
    }
}

extension LogLevel {
    /// Five characters, so that messages line up.
    fileprivate var column: StaticString {
        switch self {
        case .debug: "DEBUG"
        case .info: "INFO "
        case .warning: "WARN "
        case .error: "ERROR"
        }
    }

    fileprivate var colorSequence: StaticString {
        switch self {
        case .debug: "\u{1b}[2m"
        case .info: "\u{1b}[32m"
        case .warning: "\u{1b}[33m"
        case .error: "\u{1b}[31m"
        }
    }
}
