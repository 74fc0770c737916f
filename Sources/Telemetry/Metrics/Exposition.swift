import Timestamps

/// Numbers and escapes, the same in Prometheus' text format 0.0.4 and in OpenMetrics 1.0.
enum Exposition {
    /// `name{label="value"} `, with the space.
    static func head(_ name: String, _ labels: Labels) -> [UInt8] {
        var bytes = Array(name.utf8)
        if !labels.pairs.isEmpty { append(labels, to: &bytes) }
        bytes.append(" ")
        return bytes
    }

    /// `# HELP name `, with the space.
    static func append(keyword: StaticString, _ name: String, to bytes: inout [UInt8]) {
        bytes.append("# ")
        bytes.append(keyword)
        bytes.append(" ")
        bytes.append(name)
        bytes.append(" ")
    }

    /// `{label="value",other="value"}`.
    static func append(_ labels: Labels, to bytes: inout [UInt8]) {
        bytes.append("{")
        for (index, (name, value)) in labels.pairs.enumerated() {
            if index > 0 { bytes.append(",") }
            bytes.append(name)
            bytes.append("=\"")
            appendEscaped(value, quotes: true, to: &bytes)
            bytes.append("\"")
        }
        bytes.append("}")
    }

    /// Escapes backslashes and newlines; quotes too in label values (and in the help of OpenMetrics, not of 0.0.4).
    static func appendEscaped(_ text: String, quotes: Bool, to bytes: inout [UInt8]) {
        func isSpecial(_ byte: UInt8) -> Bool {
            byte == UInt8(ascii: "\\") || byte == UInt8(ascii: "\n") || (quotes && byte == UInt8(ascii: "\""))
        }
        guard text.utf8.contains(where: isSpecial) else { return bytes.append(text) }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): bytes.append("\\\\")
            case UInt8(ascii: "\n"): bytes.append("\\n")
            case UInt8(ascii: "\"") where quotes: bytes.append("\\\"")
            default: bytes.append(byte)
            }
        }
    }

    /// The shortest digits that read back as the same number, whole numbers without a point: `1`, `0.25`, `1e+300`.
    static func append(value: Double, to bytes: inout [UInt8]) {
        guard let whole = Int64(exactly: value), whole.magnitude < 1 << 53 else {
            return bytes.append(number(value))
        }
        bytes.append(decimal: whole)
    }

    /// A bucket's bound as OpenMetrics wants it, `1.0` and not `1`; Go's notation from a million on, `1e+06`.
    static func bound(_ value: Double) -> String {
        let text = number(value)
        guard value.isFinite, value.magnitude >= 1e6, !text.contains("e"), let point = text.firstIndex(of: ".") else {
            return text
        }
        let sign = value < 0 ? "-" : ""
        let whole = text[..<point].drop { $0 == "-" }
        var digits = whole + text[text.index(after: point)...]
        while digits.last == "0" { digits.removeLast() }
        let exponent = whole.count - 1
        let fraction = digits.dropFirst()
        let mantissa = "\(sign)\(digits.prefix(1))\(fraction.isEmpty ? "" : ".")\(fraction)"
        return "\(mantissa)e+\(exponent < 10 ? "0" : "")\(exponent)"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value.description
    }
}
