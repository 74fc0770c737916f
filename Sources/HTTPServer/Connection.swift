import CMicroHTTPD
import Glibc
import Locking

/// One client's connection: whose turn it is, and what has come of the request so far.
///
/// MHD's thread runs `accepted … proceed … completed … closed`; handlers answer from their tasks; the reaper looks in
/// from its thread. They meet under one lock, and suspending and resuming happen under it too: an answer either is
/// there when MHD asks or finds the connection suspended.
final class Connection: Sendable {
    enum Turn {
        /// Between requests, or while one arrives → held, answered
        case client
        /// A handler is at work, MHD leaves the socket alone → answered, lost
        case held(Task<Void, Never>)
        /// The answer waits for MHD's thread → responding
        case answered(HTTPServerResponse)
        /// MHD writes → client
        case responding(HTTPServerResponse)
        /// The client departed or was cut off while a handler was at work, or the server stops. The end.
        case lost
    }

    struct State {
        var turn = Turn.client
        var clock: ConnectionClock
        var request: IncomingRequest?
        /// Nil once MHD may close it, when the number may come to mean another file.
        var socket: Int32?
        /// What its TLS handshake uses: GnuTLS looks at it until MHD has closed the connection.
        var certificate: ServerCertificate?
        /// The server stops and waits no longer: nothing of this connection may be suspended any more.
        var isAbandoned = false
    }

    /// MHD's, valid until `closed()`.
    nonisolated(unsafe) let handle: OpaquePointer
    let peer: HTTPServerRequest.Peer
    let listener: Listener
    let state: Lock<State>

    init(_ handle: OpaquePointer, listener: Listener) {
        self.handle = handle
        self.listener = listener
        // By the listener's address and not the client's: `unix` is trusted, so nothing unknown may become it.
        if case .unix = listener.address {
            peer = .unix
        } else {
            peer = .tcp(address: SocketAddress.host(mhd_client_address(handle)) ?? "unknown")
        }
        state = Lock(
            State(clock: ConnectionClock(acceptedAt: .now), socket: mhd_connection_socket(handle)))
    }

    /// The listener's certificate of this moment.
    func certificate() -> ServerCertificate? {
        let certificate = listener.identity?.certificate
        state.withLock { $0.certificate = certificate }
        return certificate
    }

    /// A handler has answered.
    func answer(_ response: HTTPServerResponse) {
        let isWanted = state.withLock { state in
            guard case .held = state.turn else { return false }
            state.turn = .answered(response)
            MHD_resume_connection(handle)
            return true
        }
        if !isWanted { response.discard() }
    }

    /// MHD is done with the request, with `isSent` if every byte of the answer is with the kernel.
    func completed(isSent: Bool) {
        let (turn, delivery) = state.withLock { state -> (Turn, Delivery?) in
            let turn = state.turn
            state.request = nil
            state.clock.responseEnded(at: .now)
            if case .lost = turn { return (turn, nil) }
            state.turn = .client
            guard isSent, case .responding(let response) = turn, let socket = state.socket,
                let report = response.onDelivered
            else { return (turn, nil) }
            return (turn, Delivery(of: socket, to: peer, at: .now, report: report))
        }
        switch turn {
        case .client, .lost: break
        case .held(let task): task.cancel()
        case .answered(let response): response.discard()
        case .responding(let response):
            if case .stream(let stream) = response.body {
                stream.close()
                listener.streamEnded(of: peer)
            }
            guard let delivery else { return response.onDelivered?(false) ?? () }
            listener.deliveries.add(delivery)
        }
    }

    /// MHD is about to close the socket.
    func closed() {
        state.withLock { state in
            state.turn = .lost
            state.socket = nil
        }
    }

    /// Ends the connection from outside: MHD's thread sees the socket at its end and does the rest.
    func cut() {
        let (task, stream) = state.withLock { state -> (Task<Void, Never>?, ResponseStream?) in
            if let socket = state.socket { shutdown(socket, Int32(SHUT_RDWR)) }
            switch state.turn {
            case .held(let task):
                state.turn = .lost
                MHD_resume_connection(handle)
                return (task, nil)
            case .responding(let response):
                guard case .stream(let stream) = response.body else { return (nil, nil) }
                return (nil, stream)
            case .client, .answered, .lost:
                return (nil, nil)
            }
        }
        task?.cancel()
        stream?.cut()
    }

    func shutDown() {
        state.withLock { state in
            if let socket = state.socket { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }
}
