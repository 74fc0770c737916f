internal import Glibc
internal import Locking

/// A TCP server on the loopback interface whose every connection follows a script, on a thread of its own.
///
///     let server = try ScriptedServer { connection in
///         _ = try connection.readRequest()
///         try connection.respond("200 OK", body: "hello")
///     }
///
/// When the script ends, or throws, its connection is closed.
public final class ScriptedServer: Sendable {
    public typealias Script = @Sendable (ServerConnection) throws -> Void

    /// 0 for a Unix socket.
    public let port: UInt16
    /// `http://127.0.0.1:port`, `http://[::1]:port` or `http://localhost`.
    public let url: String
    private let listener: CInt
    private let accepted = Lock(0)

    /// Where a server listens.
    public enum Place: Sendable {
        case ipv4, ipv6
        /// The path of a file that is not there yet.
        case unix(String)
    }

    /// - Throws: `SocketError`.
    public init(on place: Place = .ipv4, _ script: @escaping Script) throws {
        switch place {
        case .ipv4:
            listener = try Self.makeSocket(AF_INET)
            port = try Self.bindIPv4(listener)
            url = "http://127.0.0.1:\(port)"
        case .ipv6:
            listener = try Self.makeSocket(AF_INET6)
            port = try Self.bindIPv6(listener)
            url = "http://[::1]:\(port)"
        case .unix(let path):
            listener = try Self.makeSocket(AF_UNIX)
            port = 0
            url = "http://localhost"
            try Self.bindUnix(listener, path)
        }
        guard listen(listener, 512) == 0 else { throw SocketError("listen") }
        detachThread { [listener, accepted] in Self.accept(listener, accepted, script) }
    }

    deinit { stop() }

    /// How many connections there were so far.
    public var acceptedCount: Int { accepted.withLock { $0 } }

    /// No connection is accepted any more; those that are open go on.
    public func stop() { shutdown(listener, CInt(SHUT_RDWR)) }

    /// A port of 127.0.0.1 that nobody listens on: it stays ours, or another test's server would take it.
    public static func unusedPort() throws -> UInt16 { try bindIPv4(try makeSocket(AF_INET)) }

    private static func accept(_ listener: CInt, _ accepted: Lock<Int>, _ script: @escaping Script) {
        defer { close(listener) }
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let number = accepted.withLock { count in
                defer { count += 1 }
                return count
            }
            let connection = ServerConnection(descriptor, number: number)
            detachThread {
                // A client that leaves ends the script: what that means is the test's to say.
                do { try script(connection) } catch {}
                connection.close()
            }
        }
    }

    private static func makeSocket(_ family: CInt) throws -> CInt {
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketError("socket") }
        return descriptor
    }

    private static func bindUnix(_ descriptor: CInt, _ path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        try bound(descriptor, &address)
    }

    private static func bindIPv4(_ descriptor: CInt) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        try bound(descriptor, &address)
        return UInt16(bigEndian: address.sin_port)
    }

    private static func bindIPv6(_ descriptor: CInt) throws -> UInt16 {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        try bound(descriptor, &address)
        return UInt16(bigEndian: address.sin6_port)
    }

    /// Binds, and leaves in `address` what the kernel chose.
    private static func bound<Address>(_ descriptor: CInt, _ address: inout Address) throws {
        var size = socklen_t(MemoryLayout<Address>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 ? getsockname(descriptor, address, &size) : -1
            }
        }
        guard code == 0 else { throw SocketError("bind") }
    }
}

/// A system call that failed, and how.
public struct SocketError: Error, CustomStringConvertible {
    public let description: String

    init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}

/// Runs `body` on a thread of its own: blocking calls must not hold Swift's.
func detachThread(_ body: @escaping @Sendable () -> Void) {
    final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let code = pthread_create(
        &thread, nil,
        { box in
            if let box { Unmanaged<Box>.fromOpaque(box).takeRetainedValue().body() }
            return nil
        }, box.toOpaque())
    precondition(code == 0, "no more threads")
    pthread_detach(thread)
}
