import Glibc

/// A socket that listens, made by us so that its address, mode and buffers are ours to choose.
struct ListeningSocket {
    let descriptor: Int32
    let address: ListenAddress
    /// Of a Unix socket, to remove it at the end.
    let file: UnixSocketFile?

    /// For each connection. The default grows to megabytes, which count as the container's memory.
    private static let sendBufferBytes: Int32 = 128 << 10

    static func open(_ address: ListenAddress) throws(HTTPServerError) -> ListeningSocket {
        switch address {
        case .unix(let path): try open(path: path)
        case .tcp(let host, let port): try open(host: host, port: port)
        }
    }

    private static func open(host: String, port: UInt16) throws(HTTPServerError) -> ListeningSocket {
        let asked = ListenAddress.tcp(host: host, port: port)
        guard let socketAddress = SocketAddress(host: host, port: port) else {
            throw .cannotListen(asked, reason: "\(host) is not an IP address")
        }
        let descriptor = newSocket(family: socketAddress.family)
        if host == "::", descriptor < 0 && errno == EAFNOSUPPORT {
            return try open(host: "0.0.0.0", port: port)
        }
        guard descriptor >= 0 else { throw refusal(of: asked, errno) }
        set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        if socketAddress.family == AF_INET6 {
            set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0)
        }
        guard socketAddress.with({ bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            // With the sysctl disable_ipv6 there are IPv6 sockets, but no address to bind them to.
            if host == "::", code == EADDRNOTAVAIL { return try open(host: "0.0.0.0", port: port) }
            throw refusal(of: asked, code)
        }
        try listen(on: descriptor, for: asked)
        let bound = ListenAddress.tcp(host: host, port: SocketAddress(boundTo: descriptor).port)
        return ListeningSocket(descriptor: descriptor, address: bound, file: nil)
    }

    private static func open(path: String) throws(HTTPServerError) -> ListeningSocket {
        let asked = ListenAddress.unix(path: path)
        guard let socketAddress = SocketAddress(path: path) else { throw .pathTooLong(path) }
        try UnixSocketFile.removeStale(path, socketAddress)
        let descriptor = newSocket(family: AF_UNIX)
        guard descriptor >= 0 else { throw refusal(of: asked, errno) }
        // The mode is set between bind and listen: before listen nobody can connect.
        guard socketAddress.with({ bind(descriptor, $0, $1) }) == 0 else {
            let code = errno
            close(descriptor)
            throw refusal(of: asked, code)
        }
        guard chmod(path, 0o600) == 0 else {
            let code = errno
            close(descriptor)
            unlink(path)
            throw refusal(of: asked, code)
        }
        try listen(on: descriptor, for: asked)
        return ListeningSocket(descriptor: descriptor, address: asked, file: UnixSocketFile(path: path))
    }

    private static func listen(on descriptor: Int32, for address: ListenAddress) throws(HTTPServerError) {
        set(descriptor, SOL_SOCKET, SO_SNDBUF, sendBufferBytes)
        guard Glibc.listen(descriptor, SOMAXCONN) == 0 else {
            let code = errno
            close(descriptor)
            throw refusal(of: address, code)
        }
    }

    private static func newSocket(family: Int32) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        return socket(family, type, 0)
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func refusal(of address: ListenAddress, _ code: Int32) -> HTTPServerError {
        code == EADDRINUSE
            ? .addressInUse(address) : .cannotListen(address, reason: String(cString: strerror(code)))
    }
}
