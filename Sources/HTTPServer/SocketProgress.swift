import CMicroHTTPD
import Glibc

/// How far a socket has come, as the kernel counts it: MHD tells nothing between two callbacks.
struct SocketProgress: Equatable {
    /// Bytes that have arrived since the connection was made; 0 for a Unix socket.
    var received: UInt64 = 0
    /// Changes whenever the client's kernel takes something.
    var acknowledged: UInt64 = 0
    /// Bytes written and not yet acknowledged; nil if nobody can tell.
    var unacknowledged: Int?
    /// Reset by the client: what is unacknowledged stays so.
    var isDead = false
    /// The client has closed the connection, or its half of it, as clients do that give up.
    var hasDeparted = false

    init(received: UInt64 = 0, acknowledged: UInt64 = 0, unacknowledged: Int? = nil, hasDeparted: Bool = false) {
        self.received = received
        self.acknowledged = acknowledged
        self.unacknowledged = unacknowledged
        self.hasDeparted = hasDeparted
    }

    init(of socket: Int32) {
        var unsent: Int32 = 0
        if ioctl(socket, mhd_siocoutq, &unsent) == 0 { unacknowledged = Int(unsent) }
        let events = Self.events(of: socket)
        isDead = events & Int16(POLLERR) != 0
        hasDeparted = events & (Self.pollRDHUP | Int16(POLLHUP | POLLERR)) != 0
        guard !readTCPInfo(of: socket) else { return }
        // A Unix socket has no sequence numbers: there any change of what is unread counts as progress. And when the
        // client closes it, what it has not read is forgotten.
        acknowledged = UInt64(max(unsent, 0))
        if isDead { unacknowledged = nil }
    }

    /// `POLLRDHUP` sees a farewell behind bytes that nobody has read yet, where `MSG_PEEK` shows those bytes. Glibc
    /// shows it only to those who ask for GNU extensions.
    private static let pollRDHUP: Int16 = 0x2000

    private static func events(of socket: Int32) -> Int16 {
        var descriptor = pollfd(fd: socket, events: pollRDHUP, revents: 0)
        return poll(&descriptor, 1, 0) == 1 ? descriptor.revents : 0
    }

    /// `struct tcp_info` of <linux/tcp.h>, by its fixed offsets: glibc's own header ends before the byte counts.
    private mutating func readTCPInfo(of socket: Int32) -> Bool {
        let (stateOffset, acknowledgedOffset, receivedOffset, closed) = (0, 120, 128, UInt8(7))
        return withUnsafeTemporaryAllocation(byteCount: receivedOffset + 8, alignment: 8) { info in
            var length = socklen_t(info.count)
            guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, info.baseAddress, &length) == 0,
                Int(length) == info.count
            else { return false }
            isDead = isDead || info.load(fromByteOffset: stateOffset, as: UInt8.self) == closed
            acknowledged = info.load(fromByteOffset: acknowledgedOffset, as: UInt64.self)
            received = info.load(fromByteOffset: receivedOffset, as: UInt64.self)
            return true
        }
    }
}
