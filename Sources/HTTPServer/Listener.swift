import CMicroHTTPD
import Glibc
import Locking

/// One listening socket, the MHD daemon with its thread that serves it, and the connections it has.
final class Listener: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: Connection] = [:]
        /// How many each client has, by address.
        var streams: [String: Int] = [:]
        var isStopping = false
    }

    private static let poolBytes = 16 << 10
    private static let threadStackBytes = 512 << 10

    let router: Router
    let deliveries: Deliveries
    /// Nil: plain.
    let identity: ServerIdentity?
    private let socket: ListeningSocket
    private let state = Lock(State())
    private let limits: HTTPServerLimits
    private let daemon = Lock<OpaquePointer?>(nil)

    init(
        _ socket: ListeningSocket, router: Router, deliveries: Deliveries, identity: ServerIdentity?,
        limits: HTTPServerLimits
    ) {
        self.socket = socket
        self.limits = limits
        self.identity = identity
        self.router = router
        self.deliveries = deliveries
    }

    var address: ListenAddress { socket.address }
    var isStopping: Bool { state.withLock { $0.isStopping } }
    var connections: [Connection] { state.withLock { Array($0.connections.values) } }

    /// `nil`: one more stream may be sent, and `streamEnded` follows. Otherwise why not.
    func beginStream(of peer: HTTPServerRequest.Peer) -> String? {
        state.withLock { state in
            guard state.streams.values.reduce(0, +) < limits.streams else {
                return "\(limits.streams) clients follow already"
            }
            let count = state.streams[peer.name, default: 0]
            guard peer == .unix || count < limits.streamsPerAddress else {
                return "\(limits.streamsPerAddress) clients of this address follow already"
            }
            state.streams[peer.name] = count + 1
            return nil
        }
    }

    func streamEnded(of peer: HTTPServerRequest.Peer) {
        state.withLock { state in
            let count = state.streams[peer.name, default: 0] - 1
            state.streams[peer.name] = count > 0 ? count : nil
        }
    }

    /// False if MHD cannot start its thread. Until `stop()`, the daemon holds a reference to this listener.
    func start() -> Bool {
        let context = Unmanaged.passRetained(self)
        var options = MHDListenerOptions(
            listen_socket: socket.descriptor, connection_limit: limits.connections,
            connection_limit_per_address: limits.connectionsPerAddress, connection_pool_bytes: Self.poolBytes,
            thread_stack_bytes: Self.threadStackBytes, context: context.toOpaque(), uri_log: uriLog,
            handle: handleRequest, completed: requestCompleted, connection_changed: connectionChanged,
            certificate: identity == nil ? nil : handOutCertificate)
        guard let started = mhd_start_listener(&options) else {
            context.release()
            close(socket.descriptor)
            socket.file?.remove()
            return false
        }
        daemon.withLock { [started = UInt(bitPattern: started)] in $0 = OpaquePointer(bitPattern: started) }
        return true
    }

    /// Sends new clients away, answers the others with `Connection: close`, and ends streams, which would never end.
    ///
    /// Not by `MHD_quiesce_daemon`: between two of its steps a busy daemon's thread finds its epoll set changed and
    /// aborts the process (0.9.75, `MHD_epoll`).
    func quiesce() {
        state.withLock { $0.isStopping = true }
        socket.file?.remove()
        for connection in connections { connection.finishStream() }
    }

    /// Cuts every connection off and waits for the daemon's thread, which closes the socket. Blocks.
    func stop() {
        quiesce()
        for connection in connections { connection.abandon() }
        let stopped = daemon.withLock { daemon in
            defer { daemon = nil }
            return UInt(bitPattern: daemon)
        }
        guard let stopped = OpaquePointer(bitPattern: stopped) else { return }
        MHD_stop_daemon(stopped)
        Unmanaged.passUnretained(self).release()
    }

    fileprivate func accepted(_ handle: OpaquePointer) -> Connection {
        let connection = Connection(handle, listener: self)
        let isLate = state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = connection
            return state.isStopping
        }
        if isLate { connection.abandon() }
        return connection
    }

    fileprivate func closed(_ connection: Connection) {
        connection.closed()
        state.withLock { _ = $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }
}

extension HTTPServerRequest.Peer {
    fileprivate var name: String {
        switch self {
        case .tcp(let address): address
        case .unix: "unix"
        }
    }
}

// The callbacks of MHD, all on the daemon's thread. A connection is kept by its listener from "started" to
// "closed", so its unretained pointer is good in between.

private func connection(_ context: UnsafeMutableRawPointer?) -> Connection? {
    context.map { Unmanaged<Connection>.fromOpaque($0).takeUnretainedValue() }
}

private let connectionChanged: MHD_NotifyConnectionCallback = { listener, handle, context, change in
    guard let listener, let handle, let context else { return }
    let owner = Unmanaged<Listener>.fromOpaque(listener).takeUnretainedValue()
    switch change {
    case .CONNECTION_NOTIFY_STARTED:
        context.pointee = Unmanaged.passUnretained(owner.accepted(handle)).toOpaque()
    case .CONNECTION_NOTIFY_CLOSED:
        if let closing = connection(context.pointee) { owner.closed(closing) }
        context.pointee = nil
    default: break
    }
}

private let uriLog:
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer? = {
        _, target, handle in
        let context = mhd_socket_context(handle)
        let bytes = target.map { Array(UnsafeRawBufferPointer(start: $0, count: strlen($0))) } ?? []
        connection(context)?.requestBegan(target: bytes)
        return context
    }

private let handleRequest: MHD_AccessHandlerCallback = { _, _, _, method, _, upload, uploadSize, context in
    guard let method, let uploadSize, let connection = connection(context?.pointee) else { return .NO }
    let bytes = UnsafeRawBufferPointer(start: upload, count: uploadSize.pointee).assumingMemoryBound(to: UInt8.self)
    uploadSize.pointee = 0
    return connection.proceed(method: String(cString: method), upload: bytes) ? .YES : .NO
}

private let requestCompleted: MHD_RequestCompletedCallback = { _, _, context, reason in
    connection(context?.pointee)?.completed(isSent: reason == .REQUEST_TERMINATED_COMPLETED_OK)
}

/// A handshake asks for the certificate: its connection keeps it for as long as GnuTLS may look at it.
private let handOutCertificate: MHDCertificateCallback = { session, _, chain, length, _, _, key, _ in
    guard let chain, let length, let key,
        let certificate = connection(mhd_socket_context(mhd_tls_connection(session)))?.certificate()
    else { return -1 }
    chain.pointee = certificate.chain
    length.pointee = certificate.chainLength
    key.pointee = certificate.key
    return 0
}
