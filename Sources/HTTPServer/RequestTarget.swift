/// What a request asks for: the target of its first line, decoded (RFC 9112, section 3.2).
struct RequestTarget: Equatable {
    /// Decoded, never normalized: `//a` and `/b/../a` are no route's path and stay unknown.
    var path: String
    /// Decoded; of a repeated name the first value.
    var query: [String: String] = [:]

    /// Why a target cannot be read; the text is for the client.
    struct Malformed: Error, Equatable {
        var reason: String
    }

    init(parsing raw: [UInt8]) throws(Malformed) {
        var target = Self.withoutAuthority(raw[...])
        let isAbsolute = target.count < raw.count
        var queryText: ArraySlice<UInt8> = []
        if let mark = target.firstIndex(of: UInt8(ascii: "?")) {
            queryText = target[(mark + 1)...]
            target = target[..<mark]
        }
        if isAbsolute, target.isEmpty { target = [UInt8(ascii: "/")] }
        guard target.first == UInt8(ascii: "/") else { throw Malformed(reason: "the path does not begin with a slash") }
        path = try Self.decode(target, "path")
        for pair in queryText.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let name = try Self.decode(parts[0], "query", plusIsSpace: true)
            let value = parts.count == 2 ? try Self.decode(parts[1], "query", plusIsSpace: true) : ""
            if query[name] == nil { query[name] = value }
        }
    }

    /// `http://host:1/a` is `/a`: clients of proxies write the whole URI, and a server has to understand it.
    private static func withoutAuthority(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        for scheme in ["http://", "https://"] {
            let start = target.prefix(scheme.utf8.count)
            guard String(decoding: start, as: UTF8.self).lowercased() == scheme else { continue }
            let rest = target[start.endIndex...]
            let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
            return rest[end...]
        }
        return target
    }

    private static func decode(
        _ bytes: ArraySlice<UInt8>, _ part: String, plusIsSpace: Bool = false
    ) throws(Malformed) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "%") else {
                decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            guard index + 1 < bytes.endIndex, let high = hexDigit(bytes[index]), let low = hexDigit(bytes[index + 1])
            else { throw Malformed(reason: "the \(part) has a % without two hexadecimal digits") }
            decoded.append(high << 4 | low)
            index += 2
        }
        guard !decoded.contains(0) else { throw Malformed(reason: "the \(part) has a NUL") }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw Malformed(reason: "the \(part) is not UTF-8")
        }
        return text
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
