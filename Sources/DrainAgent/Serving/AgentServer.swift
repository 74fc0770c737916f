import DrainTelemetry
import HTTPServer
import KubernetesClient
import Locking
import Telemetry
import Timestamps

/// The routes, on a TCP address and on the Unix socket of this machine.
final class AgentServer: Sendable {
    /// How soon a changed certificate is noticed.
    private static let look = Duration.seconds(5)

    private let server: HTTPServer
    private let telemetry: AgentTelemetry
    private let bound = Lock<[BoundAddress]>([])
    private let renewal = Lock<Task<Void, Never>?>(nil)

    init(_ routes: [Route], telemetry: AgentTelemetry) {
        server = HTTPServer(routes: routes)
        self.telemetry = telemetry
    }

    var addresses: [String] { bound.withLock { $0.map(\.description) } }

    /// - Parameter files: make it HTTPS; they are followed from now on.
    func listen(on address: ListenAddress, _ files: ServerCertificateFiles? = nil) throws {
        guard let files else { return try open(address) }
        let content = try files.read()
        let certificate = try files.certificate(content)
        let identity = ServerIdentity(certificate)
        try open(address, identity)
        telemetry.certificate.expiry.set(certificate.validity.end)
        if let problem = files.problem(with: certificate, at: telemetry.now) {
            telemetry.say(.warning, "certificate not valid", [("err", .string("\(problem)"))])
        }
        let renewal = CertificateRenewal(files, inUse: content, certificate)
        let task = Task { [telemetry] in await Self.follow(files, renewal, identity, telemetry) }
        self.renewal.withLock { $0 = task }
    }

    private func open(_ address: ListenAddress, _ identity: ServerIdentity? = nil) throws(HTTPServerError) {
        let opened = try server.start(address, identity: identity)
        bound.withLock { $0.append(opened) }
    }

    /// `nil`: the usual place, whose directory is made; `""`: none.
    func openSocket(_ path: String?) throws {
        guard path != "" else { return }
        if path == nil {
            let directory = String(ServingOptions.defaultSocket.dropLast("/control.sock".count))
            try Directory.make(directory)
        }
        try open(.unix(path: path ?? ServingOptions.defaultSocket))
    }

    /// Answers under way are finished, for a moment.
    func stop() async {
        renewal.withLock { $0?.cancel() }
        await server.stop(grace: .seconds(1))
    }

    private static func follow(
        _ files: ServerCertificateFiles, _ renewal: CertificateRenewal, _ identity: ServerIdentity,
        _ telemetry: AgentTelemetry
    ) async {
        var renewal = renewal
        while true {
            await pause(for: look)
            guard !Task.isCancelled else { return }
            // Its own thread: a mount that hangs must not take the drain along.
            let content = await OwnThread.run {
                Result { () throws(ServerCertificateFiles.Problem) in try files.read() }
            }
            switch renewal.look(at: content, telemetry.now) {
            case .unchanged: break
            case .renewed(let certificate):
                identity.replace(with: certificate)
                telemetry.certificate.expiry.set(certificate.validity.end)
                telemetry.certificate.reloads[.loaded].increment()
                telemetry.say(.info, "certificate renewed", [("expires", .string(certificate.validity.end.rfc3339()))])
            case .refused(let problem):
                telemetry.certificate.reloads[.refused].increment()
                telemetry.say(.warning, "certificate not renewed", [("err", .string("\(problem)"))])
            }
        }
    }
}
