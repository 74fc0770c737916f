/// A response as it came over the wire.
struct RawResponse {
    var status: Int
    /// By name in lower case.
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Nil while it is incomplete; otherwise with the number of bytes it took.
    static func parse(_ bytes: [UInt8], hasBody: Bool) -> (RawResponse, length: Int)? {
        guard let end = index(of: "\r\n\r\n", in: bytes[...]) else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ": ", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count == 2 ? String(parts[1]) : ""
        }
        let words = lines[0].split(separator: " ")
        var response = RawResponse(status: Int(words[1]) ?? 0, headers: headers, body: [])
        let rest = bytes[(end + 4)...]
        guard hasBody else { return (response, end + 4) }
        if headers["transfer-encoding"] == "chunked" {
            guard let (body, length) = unchunk(rest) else { return nil }
            response.body = body
            return (response, end + 4 + length)
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard rest.count >= length else { return nil }
        response.body = Array(rest.prefix(length))
        return (response, end + 4 + length)
    }

    private static func unchunk(_ bytes: ArraySlice<UInt8>) -> ([UInt8], Int)? {
        var body: [UInt8] = []
        var rest = bytes
        while let lineEnd = index(of: "\r\n", in: rest) {
            guard let size = Int(String(decoding: rest[..<lineEnd], as: UTF8.self), radix: 16) else { return nil }
            let start = lineEnd + 2
            guard rest.endIndex >= start + size + 2 else { return nil }
            body += rest[start..<(start + size)]
            rest = rest[(start + size + 2)...]
            if size == 0 { return (body, bytes.count - rest.count) }
        }
        return nil
    }

    private static func index(of text: String, in bytes: ArraySlice<UInt8>) -> Int? {
        let pattern = Array(text.utf8)
        return bytes.indices.first { bytes[$0...].starts(with: pattern) }
    }
}
