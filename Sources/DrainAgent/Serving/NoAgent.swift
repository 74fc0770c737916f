import Glibc
import HTTPClient

/// Why no agent answers, and what to do about it.
enum NoAgent {
    static func text(socket: String, _ failure: HTTPFailure) -> String {
        switch failure.kind {
        case .connect: unreachable(socket, errno: problem(of: socket), failure)
        case .timeout, .idle:
            "the agent at \(socket) does not answer: \(failure.message). Its log and `kubectl describe pod` say whether it lives"
        case .reset, .closed, .cancelled:
            "the agent at \(socket) has ended meanwhile: its log, or the node's conditions (kubectl describe node), say how"
        case .nameResolution, .certificate, .tls, .malformed, .credential:
            "no agent answers on \(socket): \(failure.message)"
        }
    }

    static func unreachable(_ socket: String, errno: Int32, _ failure: HTTPFailure) -> String {
        switch errno {
        case ENOENT, ENOTDIR:
            """
            no agent is running here: there is no socket \(socket). Start one with `drain-agent run`; one in a pod is asked \
            there (kubectl exec POD -- drain-agent status); one that runs elsewhere has another --control-socket
            """
        case EACCES, EPERM:
            "you may not use \(socket): it belongs to the user that the agent runs as. Try it with sudo, or as that user"
        case ENOTSOCK: "\(socket) is no socket: --control-socket names the running agent's"
        case ENAMETOOLONG: "\(socket) is longer than a socket's name may be, 107 bytes"
        case ECONNREFUSED:
            "nobody listens at \(socket) any more: the agent has ended without removing it. Start it again with `drain-agent run`"
        default:
            "no agent answers on \(socket): \(failure.message). Is `drain-agent run` running here, with this --control-socket?"
        }
    }

    /// libcurl says only that it could not connect.
    private static func problem(of path: String) -> Int32 {
        guard path.utf8.count < 108 else { return ENAMETOOLONG }
        var status = stat()
        guard stat(path, &status) == 0 else { return errno }
        guard status.st_mode & S_IFMT == S_IFSOCK else { return ENOTSOCK }
        return access(path, W_OK) == 0 ? ECONNREFUSED : errno
    }
}
