internal import CCurl
internal import Glibc

/// How each socket is made.
enum SocketOptions {
    /// Sent bytes that nobody acknowledges for this long end the connection. Milliseconds.
    private static let userTimeout: CInt = 30_000

    /// libcurl's own would be inherited by the credential plugins that we start: a connection that we close would stay
    /// open there.
    static let open: curl_opensocket_callback = { _, _, address in
        guard let address else { return CURL_SOCKET_BAD }
        let type = address.pointee.socktype | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(address.pointee.family, type, address.pointee.protocol)
        guard descriptor >= 0, address.pointee.family != AF_UNIX else { return descriptor }
        var milliseconds = userTimeout
        setsockopt(
            descriptor, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<CInt>.size))
        return descriptor
    }
}
