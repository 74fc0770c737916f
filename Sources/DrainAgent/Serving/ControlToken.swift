/// The bearer token of a file.
enum ControlToken {
    /// Without the line's end behind it; `nil` if what is left is nothing, or nothing that a header would carry as it is
    /// (a byte-order mark, a blank before it, a second line): it would only be found wrong.
    static func trimmed(_ bytes: [UInt8]) -> [UInt8]? {
        let blanks: Set = [UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " ")]
        guard let last = bytes.lastIndex(where: { !blanks.contains($0) }) else { return nil }
        let token = bytes[...last]
        guard token.first != UInt8(ascii: " "), token.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
        return Array(token)
    }
}
