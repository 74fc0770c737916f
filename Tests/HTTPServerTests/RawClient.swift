import Glibc
import Locking
import TestSupport

/// A client with nothing between the test and the socket, so that it can misbehave.
///
/// Its waits happen on threads of their own: blocked in Swift's pool they would keep the handlers from running.
final class RawClient: Sendable {
    struct Failure: Error { var what: String }

    let descriptor: Int32
    private let unread = Lock<[UInt8]>([])

    /// - Parameters:
    ///   - source: the address to come from, such as 127.0.0.2.
    ///   - receiveBuffer: bytes the client's kernel takes before the test reads.
    init(port: UInt16, from source: String? = nil, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        if let source {
            let bound = Self.with(source, 0) { bind(descriptor, $0, $1) }
            guard bound == 0 else { throw Failure(what: "bind \(errno)") }
        }
        guard Self.with("127.0.0.1", port, { connect(descriptor, $0, $1) }) == 0 else {
            throw Failure(what: "connect \(errno)")
        }
        limitWaits()
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafeBytes(of: address) {
            connect(
                descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!,
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        guard connected == 0 else { throw Failure(what: "connect \(errno)") }
        limitWaits()
    }

    deinit { Glibc.close(descriptor) }

    private static func with(_ host: String, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32)
        -> Int32
    {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return withUnsafeBytes(of: address) {
            call($0.assumingMemoryBound(to: sockaddr.self).baseAddress!, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }

    /// No test hangs: a silent server is an error after 20 s.
    private func limitWaits() {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard uninterrupted({ Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }) == bytes.count else {
            throw Failure(what: "send \(errno)")
        }
    }

    /// Ends the sending half, as a client does that closes or has nothing more to ask.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Leaves without a farewell: the server gets a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        leave()
    }

    /// Closes the connection: what the server still sends is answered with a reset.
    func leave() {
        // dup2 closes the connection and keeps the number for `deinit`.
        let other = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        dup2(other, descriptor)
        Glibc.close(other)
    }

    /// The next bytes; empty at the end of the connection, however it ended.
    func receive() async throws -> [UInt8] {
        let buffered = unread.withLock { unread in
            defer { unread = [] }
            return unread
        }
        guard buffered.isEmpty else { return buffered }
        return try await blocking { [descriptor] in
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            let count = uninterrupted { recv(descriptor, &buffer, buffer.count, 0) }
            if count < 0, errno != ECONNRESET { throw Failure(what: "recv \(errno)") }
            return Array(buffer.prefix(max(count, 0)))
        }
    }

    /// Everything up to the end of the connection.
    func receiveAll() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let more = try await receive()
            guard !more.isEmpty else { return bytes }
            bytes += more
        }
    }

    /// The next response; what follows it stays for the next call.
    func response(to method: String = "GET") async throws -> RawResponse {
        var bytes: [UInt8] = []
        while true {
            if let (response, length) = RawResponse.parse(bytes, hasBody: method != "HEAD") {
                unread.withLock { [bytes] in $0 = Array(bytes[length...]) }
                return response
            }
            let more = try await receive()
            guard !more.isEmpty else {
                throw Failure(what: "connection ended after \(String(decoding: bytes, as: UTF8.self))")
            }
            bytes += more
        }
    }

    /// Sends the head of a request, with a Host line, and the body.
    func request(_ method: String, _ target: String, _ headers: [String] = [], body: String? = nil) throws {
        let length = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
        let lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + headers + length
        try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""))
    }

    func get(_ target: String, _ headers: [String] = []) async throws -> RawResponse {
        try request("GET", target, headers)
        return try await response()
    }

    /// One request on a connection of its own.
    static func get(from port: UInt16, _ target: String) async throws -> RawResponse {
        try await RawClient(port: port).get(target)
    }

    static func get(at path: String, _ target: String) async throws -> RawResponse {
        try await RawClient(path: path).get(target)
    }
}
