import Glibc
import HTTPClient

/// Why no agent answers, and what to do about it.
enum NoAgent {
    static func text(_ endpoint: ControlClient.Endpoint, _ failure: HTTPFailure) -> String {
        let place = endpoint.socket ?? endpoint.url
        switch failure.kind {
        case .connect:
            guard let socket = endpoint.socket else {
                return
                    "no agent answers at \(place): \(failure.message). Does the agent run there, and is that its --listen?"
            }
            return unreachable(socket, errno: problem(of: socket), failure)
        case .timeout, .idle:
            return
                "the agent at \(place) does not answer: \(failure.message). Its log, or `kubectl describe pod`, says whether it lives"
        case .reset, .closed, .cancelled:
            return
                "the agent at \(place) has ended meanwhile: its log, or the node's conditions (kubectl describe node), say how"
        case .certificate:
            return
                "the certificate of \(place) is not to be trusted: \(failure.message). --ca names the file of who has certified it"
        case .nameResolution:
            return "\(place) has no address: \(failure.message). --url names the agent's host and port"
        case .tls, .malformed, .credential:
            return "no agent answers at \(place): \(failure.message). Is it https there, or http (--url)?"
        }
    }

    /// Behind what the agent said to somebody whom it refuses.
    static func nextStep(status: Int, _ endpoint: ControlClient.Endpoint) -> String {
        guard status == 401 else { return "" }
        return endpoint.token == nil
            ? ". --token-file names the file that has it"
            : ". What --token-file has is not the token of the agent's --control-token-file"
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
