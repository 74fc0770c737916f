/// JSON without a newline in it, so that a line is a record.
public enum JSONLine {
    /// Appends `value`: valid UTF-8, nothing but printable characters, non-finite numbers as strings.
    public static func append(_ value: JSONValue, to bytes: inout [UInt8]) {
        switch value {
        case .string(let text): bytes.append(jsonString: text)
        case .int(let number): bytes.append(decimal: number)
        case .double(let number): bytes.append(jsonNumber: number)
        case .bool(let truth): bytes.append(truth ? "true" : "false")
        case .null: bytes.append("null")
        case .array(let values):
            bytes.append("[")
            bytes.appendList(values) { append($0, to: &$1) }
            bytes.append("]")
        case .object(let members):
            bytes.append("{")
            bytes.appendList(members) { append(key: $0.0, $0.1, to: &$1) }
            bytes.append("}")
        }
    }

    /// Appends `"key":value`.
    static func append(key: String, _ value: JSONValue, to bytes: inout [UInt8]) {
        bytes.append(jsonString: key)
        bytes.append(":")
        append(value, to: &bytes)
    }
}
