/// `key=value,key=value`, percent-encoded, as OTEL_RESOURCE_ATTRIBUTES and the header variables have it.
///
/// Source: opentelemetry.io/docs/specs/otel, "Resource SDK" and "Protocol Exporter"; the form is W3C Baggage's.
enum ListedPairs {
    /// Holds nothing of the text: it may be a secret.
    struct Problem: Error, CustomStringConvertible { let description: String }

    static func read(_ text: String) throws(Problem) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        let entries = text.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        for (number, entry) in entries.enumerated() where !entry.isEmpty {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(trimmed)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw Problem(description: "entry \(number + 1) is not key=value")
            }
            guard let key = percentDecoded(parts[0]), let value = percentDecoded(parts[1]) else {
                throw Problem(description: "entry \(number + 1) is badly percent-encoded")
            }
            pairs.append((key, value))
        }
        return pairs
    }

    /// `nil` for a percent sign without two hex digits behind it, and for what is no UTF-8 then.
    static func percentDecoded(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                let decoded = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}
