import HTTPServer
import Locking

/// The routes, on a TCP address and on the Unix socket of this machine.
final class AgentServer: Sendable {
    private let server: HTTPServer
    private let bound = Lock<[BoundAddress]>([])

    init(_ routes: [Route]) { server = HTTPServer(routes: routes) }

    var addresses: [String] { bound.withLock { $0.map(\.description) } }

    func listen(on address: ListenAddress) throws(HTTPServerError) {
        let opened = try server.start(address)
        bound.withLock { $0.append(opened) }
    }

    /// `nil`: the usual place, whose directory is made; `""`: none.
    func openSocket(_ path: String?) throws {
        guard path != "" else { return }
        if path == nil {
            let directory = String(ServingOptions.defaultSocket.dropLast("/control.sock".count))
            try Directory.make(directory)
        }
        try listen(on: .unix(path: path ?? ServingOptions.defaultSocket))
    }

    /// Answers under way are finished, for a moment.
    func stop() async { await server.stop(grace: .seconds(1)) }
}
