internal import Glibc
internal import Locking

/// What `call` returns once no signal interrupts it: a socket with a time limit is not taken up again by itself, not even
/// after the process was stopped for a moment.
public func uninterrupted<Count: SignedInteger>(_ call: () -> Count) -> Count {
    while true {
        let count = call()
        if count >= 0 || errno != EINTR { return count }
    }
}

/// How the other side left.
public enum ConnectionEnd: Error, Sendable, Equatable {
    case closed, reset
    /// It did not: nothing came for 20 s.
    case silent
}

/// A request as the server read it.
public struct ServerRequest: Sendable {
    public var method: String
    public var target: String
    /// Names in lower case.
    public var headers: [String: String]
    public var body: [UInt8]
}

/// The server's end of a connection. Calls block, for 20 s at most.
public final class ServerConnection: Sendable {
    /// 0 for the first that the server accepted.
    public let number: Int
    public let descriptor: CInt
    private let unread = Lock<[UInt8]>([])
    private let isClosed = Lock(false)

    init(_ descriptor: CInt, number: Int) {
        self.descriptor = descriptor
        self.number = number
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Bytes as they come, at least one.
    public func read() throws(ConnectionEnd) -> [UInt8] {
        let early = unread.withLock { unread in
            defer { unread = [] }
            return unread
        }
        guard early.isEmpty else { return early }
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        let count = uninterrupted { recv(descriptor, &buffer, buffer.count, 0) }
        guard count != 0 else { throw .closed }
        guard count > 0 else { throw errno == EAGAIN ? .silent : .reset }
        return Array(buffer[..<count])
    }

    /// The next request with its body, if that has a `Content-Length`.
    public func readRequest() throws(ConnectionEnd) -> ServerRequest {
        var bytes = try read()
        while bytes.endOfHead == nil { bytes += try read() }
        let end = bytes.endOfHead ?? bytes.count
        var request = ServerRequest(head: bytes[..<end])
        let length = Int(request.headers["content-length"] ?? "0") ?? 0
        while bytes.count < end + length { bytes += try read() }
        request.body = Array(bytes[end..<end + length])
        let rest = Array(bytes[(end + length)...])
        unread.withLock { $0 = rest }
        return request
    }

    public func write(_ text: String) throws(ConnectionEnd) { try write(Array(text.utf8)) }

    public func write(_ bytes: [UInt8]) throws(ConnectionEnd) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { rest in
                uninterrupted { send(descriptor, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL)) }
            }
            guard count > 0 else { throw errno == EAGAIN ? .silent : .reset }
            rest = rest.dropFirst(count)
        }
    }

    /// A response with its `Content-Length`.
    public func respond(_ status: String, headers: [String] = [], body: String = "") throws(ConnectionEnd) {
        let lines = ["HTTP/1.1 \(status)", "Content-Length: \(body.utf8.count)"] + headers
        try write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// One chunk of a body with `Transfer-Encoding: chunked`; the empty one is the last.
    public func writeChunk(_ text: String) throws(ConnectionEnd) {
        try write("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n")
    }

    /// Waits until the other side leaves, whatever it still sends.
    public func waitForEnd() -> ConnectionEnd {
        do throws(ConnectionEnd) {
            while true { _ = try read() }
        } catch { return error }
    }

    /// Writes zeroes until nobody takes them for half a second, at most `limit`; how many were taken.
    public func writeUntilHeldBack(limit: Int) throws(ConnectionEnd) -> Int {
        let block = [UInt8](repeating: 0, count: 64 << 10)
        var total = 0
        while total < limit {
            let flags = CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)
            let count = send(descriptor, block, min(block.count, limit - total), flags)
            guard count < 0 else {
                total += count
                continue
            }
            guard errno == EAGAIN else { throw .reset }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard uninterrupted({ poll(&waiting, 1, 500) }) > 0 else { return total }
        }
        return total
    }

    /// Passes bytes both ways between this connection and `port` of 127.0.0.1, until one side leaves. `heard` gets what
    /// the client says.
    public func tunnel(to port: UInt16, heard: ([UInt8]) -> Void = { _ in }) throws(ConnectionEnd) {
        let other = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        let far = ServerConnection(other, number: number)
        defer { far.close() }
        guard connect(other, port) else { throw .reset }
        while true {
            var waiting = [descriptor, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard uninterrupted({ poll(&waiting, 2, 20_000) }) > 0 else { throw .silent }
            if waiting[0].revents != 0 {
                let bytes = try read()
                heard(bytes)
                try far.write(bytes)
            }
            if waiting[1].revents != 0 { try write(try far.read()) }
        }
    }

    /// Leaves with a TCP reset.
    public func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    public func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        if isFirst { Glibc.close(descriptor) }
    }
}

private func connect(_ descriptor: CInt, _ port: UInt16) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

extension [UInt8] {
    /// Where the body begins.
    fileprivate var endOfHead: Int? {
        let mark = Array("\r\n\r\n".utf8)
        guard count >= mark.count else { return nil }
        return (0...count - mark.count).first { self[$0..<$0 + mark.count].elementsEqual(mark) }.map { $0 + mark.count }
    }
}

extension ServerRequest {
    fileprivate init(head: ArraySlice<UInt8>) {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n").map(String.init)
        let words = (lines.first ?? "").split(separator: " ").map(String.init)
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1].drop { $0 == " " }) : ""
        }
        self.init(
            method: words.first ?? "", target: words.count > 1 ? words[1] : "", headers: headers, body: [])
    }
}
