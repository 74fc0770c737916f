/// Collects a response's header lines as libcurl hands them over: whole lines, one a call.
struct HeadParser {
    /// All header lines of a response together, interim ones and trailers included.
    static let limit = 64 << 10

    enum Event {
        case more
        case complete(ResponseHead)
        case tooLarge
    }

    private var fields: [(name: String, value: String)] = []
    private var count = 0
    private var isComplete = false

    /// - Parameter status: of the response that the line belongs to.
    mutating func parse(_ line: UnsafeRawBufferPointer, status: Int) -> Event {
        count += line.count
        guard count <= Self.limit else { return .tooLarge }
        // What follows the head are a chunked body's trailers, which nobody reads.
        guard !isComplete else { return .more }
        let text = Self.trimmed(line[...])
        if text.isEmpty { return endOfHead(status) }
        if line.starts(with: "HTTP/".utf8) {
            fields = []
        } else if line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t") {
            continueField(text)
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let value = Self.trimmed(text[(colon + 1)...])
            fields.append((String(decoding: text[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self)))
        }
        return .more
    }

    private mutating func endOfHead(_ status: Int) -> Event {
        // 100 Continue or 103 Early Hints: the response itself comes next.
        guard !(100..<200).contains(status) else { return .more }
        isComplete = true
        defer { fields = [] }
        return .complete(ResponseHead(status: status, headers: HTTPHeaders(fields)))
    }

    /// A line that begins with a space continues the one before (RFC 9112, 5.2).
    private mutating func continueField(_ text: Slice<UnsafeRawBufferPointer>) {
        guard !fields.isEmpty else { return }
        fields[fields.count - 1].value += " " + String(decoding: text, as: UTF8.self)
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        let isText: (UInt8) -> Bool = { $0 != 0x20 && $0 != 0x09 && $0 != 0x0d && $0 != 0x0a }
        guard let first = bytes.firstIndex(where: isText), let last = bytes.lastIndex(where: isText) else {
            return bytes[bytes.startIndex..<bytes.startIndex]
        }
        return bytes[first...last]
    }
}
