/// The bearer token of a file.
enum ControlToken {
    /// Without the line's end behind it; `nil` if nothing is left.
    static func trimmed(_ bytes: [UInt8]) -> [UInt8]? {
        let blanks: Set = [UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " ")]
        guard let last = bytes.lastIndex(where: { !blanks.contains($0) }) else { return nil }
        return Array(bytes[...last])
    }
}
