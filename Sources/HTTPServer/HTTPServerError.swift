/// Why a server does not listen; every case names the address.
public enum HTTPServerError: Error, Equatable, Sendable, CustomStringConvertible {
    /// Another process (or listener of this one) has it.
    case addressInUse(ListenAddress)
    /// The system refused it: `reason` is its words.
    case cannotListen(ListenAddress, reason: String)
    /// The path of a Unix socket has to fit the 107 bytes of `sockaddr_un`.
    case pathTooLong(String)
    /// Something that is not a socket is at the path; it is not replaced.
    case notASocket(String)
    /// `stop()` was called before.
    case stopped(ListenAddress)

    public var description: String {
        switch self {
        case .addressInUse(let address): "cannot listen on \(address): address already in use"
        case .cannotListen(let address, let reason): "cannot listen on \(address): \(reason)"
        case .pathTooLong(let path): "cannot listen on unix:\(path): a socket's path is at most 107 bytes long"
        case .notASocket(let path): "cannot listen on unix:\(path): there is a file that is not a socket"
        case .stopped(let address): "cannot listen on \(address): the server was stopped"
        }
    }
}
