/// Text by others, for a terminal or a table: on one line, and no wider than it may be.
public enum PlainText {
    /// Without line breaks, terminal commands and marks that turn the direction of what follows.
    public static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isDangerous) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isDangerous($0) ? " " : $0 }))
    }

    /// Cut to so many columns, with an ellipsis of one column for what is missing.
    public static func clipped(_ text: String, to columns: Int, ellipsis: String = "…") -> String {
        guard width(text) > columns else { return text }
        var kept = String.UnicodeScalarView()
        var used = 0
        for scalar in text.unicodeScalars {
            used += width(scalar)
            guard used < columns else { break }
            kept.append(scalar)
        }
        return String(kept) + ellipsis
    }

    /// Cut or filled up to exactly so many columns.
    public static func padded(_ text: String, to columns: Int) -> String {
        let text = clipped(text, to: columns)
        return text + String(repeating: " ", count: max(0, columns - width(text)))
    }

    /// In lines of so many columns at most, broken at spaces; the further ones begin with `indent`.
    public static func wrapped(
        _ text: String, to columns: Int, indent: String, ellipsis: String = "…"
    ) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let candidate = line.isEmpty ? "\(lines.isEmpty ? "" : indent)\(word)" : "\(line) \(word)"
            if width(candidate) <= columns || line.isEmpty {
                line = clipped(candidate, to: columns, ellipsis: ellipsis)
            } else {
                lines.append(line)
                line = clipped("\(indent)\(word)", to: columns, ellipsis: ellipsis)
            }
        }
        return line.isEmpty ? lines : lines + [line]
    }

    public static func width(_ text: String) -> Int { text.unicodeScalars.reduce(0) { $0 + width($1) } }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case ..<0x300: 1
        case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60,
            0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
            2
        default:
            switch scalar.properties.generalCategory {
            case .nonspacingMark, .enclosingMark, .format: 0
            default: 1
            }
        }
    }

    private static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case ..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x61C: true
        default: false
        }
    }
}
