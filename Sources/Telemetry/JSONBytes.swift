extension [UInt8] {
    /// Appends `text` as a JSON string.
    ///
    /// Escaped are quotes, backslashes, all control characters (C0, DEL and C1: a terminal obeys them) and the
    /// line separators U+2028 and U+2029, which some readers of lines take for newlines.
    mutating func append(jsonString text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x22: append("\\\"")
            case 0x5c: append("\\\\")
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0a: append("\\n")
            case 0x0c: append("\\f")
            case 0x0d: append("\\r")
            case 0..<0x20, 0x7f...0x9f, 0x2028, 0x2029:
                append("\\u")
                append(hexByte: UInt8(scalar.value >> 8))
                append(hexByte: UInt8(scalar.value & 0xff))
            case ..<0x80: append(UInt8(scalar.value))
            default: append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
            }
        }
        append("\"")
    }

    /// Appends `number` as JSON; what JSON has no number for is a string, as in protobuf's JSON.
    mutating func append(jsonNumber number: Double) {
        if number.isNaN {
            append("\"NaN\"")
        } else if number.isInfinite {
            append(number > 0 ? "\"Infinity\"" : "\"-Infinity\"")
        } else {
            append(number.description)
        }
    }

    /// Appends `items` with commas between them.
    mutating func appendList<Item>(_ items: [Item], _ body: (Item, inout [UInt8]) -> Void) {
        for (index, item) in items.enumerated() {
            if index > 0 { append(",") }
            body(item, &self)
        }
    }
}
