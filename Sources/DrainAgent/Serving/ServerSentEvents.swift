/// Server-sent events out of the bytes of a stream.
struct ServerSentEvents {
    struct Event: Equatable {
        var name: String
        var data: [UInt8]
    }

    /// A first message may hold thousands of pods; what is larger is no agent's.
    private static let limit = 64 << 20

    private var line: [UInt8] = []
    private var name = ""
    private var data: [UInt8] = []
    private var hasData = false

    /// The events that these bytes complete; `nil`: this is no such stream.
    mutating func push(_ bytes: some Sequence<UInt8>) -> [Event]? {
        var events: [Event] = []
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                guard line.count < Self.limit else { return nil }
                line.append(byte)
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let event = end(of: line) { events.append(event) }
            line.removeAll(keepingCapacity: true)
        }
        return events
    }

    private mutating func end(of line: [UInt8]) -> Event? {
        if line.isEmpty {
            defer { (name, data, hasData) = ("", [], false) }
            return hasData ? Event(name: name, data: data) : nil
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": name = String(decoding: value, as: UTF8.self)
        case "data":
            if hasData { data.append(UInt8(ascii: "\n")) }
            data += value
            hasData = true
        // A comment, or how long to wait before one asks again.
        default: break
        }
        return nil
    }
}
