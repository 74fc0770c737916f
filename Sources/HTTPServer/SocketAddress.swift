// Where <sys/socket.h> is read first decides whose `sockaddr` is: in some builds that is libmicrohttpd's header.
import CMicroHTTPD
import Glibc

/// An address as the socket calls want it and give it.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private var length: socklen_t = 0

    var family: Int32 { Int32(storage.ss_family) }

    static func isIPv4(_ text: String) -> Bool {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1 && !text.utf8.contains(0)
    }

    /// C reads up to a NUL, and would take what begins as an address for one.
    static func isIPv6(_ text: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET6, text, &address) == 1 && !text.utf8.contains(0)
    }

    /// Nil if `host` is no IP address.
    init?(host: String, port: UInt16) {
        if Self.isIPv4(host) {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &address.sin_addr)
            store(address)
        } else if Self.isIPv6(host) {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &address.sin6_addr)
            store(address)
        } else {
            return nil
        }
    }

    /// Nil if the path does not fit.
    init?(path: String) {
        var address = sockaddr_un()
        let bytes = Array(path.utf8)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
            guard bytes.count < room.count else { return false }
            room.copyBytes(from: bytes)
            return true
        }
        guard fits else { return nil }
        address.sun_family = sa_family_t(AF_UNIX)
        store(address)
    }

    /// What `getsockname` says.
    init(boundTo socket: Int32) {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        withUnsafeMutableBytes(of: &storage) { bytes in
            _ = getsockname(socket, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress!, &length)
        }
    }

    private mutating func store<Address>(_ address: Address) {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: Address.self) }
        length = socklen_t(MemoryLayout<Address>.size)
    }

    /// Calls `bind` or `connect` with this address.
    func with(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        withUnsafeBytes(of: storage) { call($0.assumingMemoryBound(to: sockaddr.self).baseAddress!, length) }
    }

    /// The IP address as text, an IPv4 address in IPv6 clothing as IPv4.
    static func host(_ address: UnsafePointer<sockaddr>?) -> String? {
        guard let address else { return nil }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let bytes = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            var source = bytes.load(as: sockaddr_in.self).sin_addr
            inet_ntop(AF_INET, &source, &text, socklen_t(text.count))
        case AF_INET6:
            var source = bytes.load(as: sockaddr_in6.self).sin6_addr
            inet_ntop(AF_INET6, &source, &text, socklen_t(text.count))
        default:
            return nil
        }
        let host = text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        let mapped = "::ffff:"
        return host.hasPrefix(mapped) && host.contains(".") ? String(host.dropFirst(mapped.count)) : host
    }

    var port: UInt16 {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET: UInt16(bigEndian: bytes.load(as: sockaddr_in.self).sin_port)
            case AF_INET6: UInt16(bigEndian: bytes.load(as: sockaddr_in6.self).sin6_port)
            default: 0
            }
        }
    }
}
