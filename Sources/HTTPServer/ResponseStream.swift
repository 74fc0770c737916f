import CMicroHTTPD
import Locking

/// The body of a response that grows while it is sent: server-sent events and the like.
///
/// `push` never waits. What a slow client has not taken is queued up to a limit; beyond it the client is cut off.
public final class ResponseStream: Sendable {
    private struct State {
        /// A slice, because what is sent leaves from its front.
        var queue: ArraySlice<UInt8> = []
        var isFinished = false
        /// The client is to be cut off, or has gone.
        var isCut = false
        /// MHD will not ask again.
        var isClosed = false
        /// While the response is being sent.
        var connection: Connection?
        /// MHD found the queue empty and waits to be resumed.
        var isParked = false
        var lastPush = ContinuousClock.now
        var onClose: (@Sendable () -> Void)?
    }

    private let state = Lock(State())
    private let queueLimit: Int
    private let heartbeat: [UInt8]

    /// - Parameters:
    ///   - queueLimit: bytes that may wait for the client.
    ///   - heartbeat: sent when nothing else was for 15 s, such as `: \n\n` in server-sent events.
    public init(queueLimit: Int = 256 << 10, heartbeat: [UInt8] = []) {
        self.queueLimit = queueLimit
        self.heartbeat = heartbeat
    }

    /// Called once, when the last byte was handed to the kernel or the client has gone; at once if that was before.
    public var onClose: (@Sendable () -> Void)? {
        get { state.withLock { $0.onClose } }
        set {
            let isLate = state.withLock { state in
                if !state.isClosed { state.onClose = newValue }
                return state.isClosed
            }
            if isLate { newValue?() }
        }
    }

    /// False: the client has gone, or was too slow, or the stream is finished.
    @discardableResult
    public func push(_ bytes: [UInt8]) -> Bool {
        enum Outcome { case queued, refused, overflowed }
        let outcome: Outcome = state.withLock { state in
            guard !state.isCut, !state.isClosed, !state.isFinished else { return .refused }
            guard state.queue.count + bytes.count <= queueLimit else { return .overflowed }
            state.queue += bytes
            state.lastPush = ContinuousClock.now
            unpark(&state)
            return .queued
        }
        if outcome == .overflowed { cut() }
        return outcome == .queued
    }

    /// What was pushed is still sent; then the response ends.
    public func finish() {
        state.withLock { state in
            state.isFinished = true
            unpark(&state)
        }
    }

    /// Keeps proxies and clients from taking a quiet stream for a dead one.
    func beat(at now: ContinuousClock.Instant) {
        guard !heartbeat.isEmpty, state.withLock({ now - $0.lastPush > .seconds(15) }) else { return }
        push(heartbeat)
    }

    /// The client is given up; `onClose` follows when MHD has let go of the connection.
    func cut() {
        // First of all, so that the client cannot take what follows for the end of the response.
        state.withLock { $0.connection }?.shutDown()
        state.withLock { state in
            state.isCut = true
            state.queue = []
            unpark(&state)
        }
    }

    func attach(to connection: Connection) {
        let isCut = state.withLock { state in
            if !state.isClosed { state.connection = connection }
            return state.isCut
        }
        if isCut { connection.shutDown() }
    }

    /// MHD is done with the response, or nobody will ever send it.
    func close() {
        let onClose = state.withLock { state -> (@Sendable () -> Void)? in
            guard !state.isClosed else { return nil }
            state.isClosed = true
            state.queue = []
            state.connection = nil
            state.isParked = false
            defer { state.onClose = nil }
            return state.onClose
        }
        onClose?()
    }

    /// MHD's thread asks for the next bytes. If there are none it parks the connection, under the lock of `push`:
    /// a push either is seen here or finds the connection parked.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        // Never the end with an error (-2): MHD closes the connection then and does not take it away, as long as an older
        // one is idle (0.9.75, `MHD_epoll`). Where the response is cut, so is its socket, and writing the end fails.
        let endOfStream = -1
        return state.withLock { state in
            guard !state.isCut, let connection = state.connection else { return endOfStream }
            guard state.queue.isEmpty else { return Self.move(&state.queue, to: buffer) }
            guard !state.isFinished else { return endOfStream }
            state.isParked = true
            MHD_suspend_connection(connection.handle)
            return 0
        }
    }

    private static func move(_ queue: inout ArraySlice<UInt8>, to buffer: UnsafeMutableRawBufferPointer) -> Int {
        let count = min(queue.count, buffer.count)
        buffer.copyBytes(from: queue.prefix(count))
        if count == queue.count { queue = [] } else { queue.removeFirst(count) }
        return count
    }

    private func unpark(_ state: inout State) {
        guard state.isParked, let connection = state.connection else { return }
        state.isParked = false
        MHD_resume_connection(connection.handle)
    }
}
