import ArgumentParser
import HTTPServer

/// What the sidecar offers to scrapers and to those who may command it.
struct ServingOptions: ParsableArguments {
    @Option(help: "Address of /metrics and the other routes.")
    var listen = "[::]:9809"

    @Option(
        help:
            "File with the bearer token that changes over TCP need; re-read when it changes. Without it they are refused.",
        completion: .file())
    var controlTokenFile: String?

    @Option(
        help: "Unix socket for trigger, prestop, cancel and status on this machine; \"\" for none.",
        completion: .file())
    var controlSocket: String?

    @Flag(help: "Take GET /prestop, too, for a kubelet's httpGet hook; the token goes into its httpHeaders.")
    var httpPrestop = false

    static let defaultSocket = "/run/drain-agent/control.sock"

    func validate() throws { _ = try address() }

    func address() throws -> ListenAddress {
        do { return try ListenAddress(parsing: listen) } catch { throw ValidationError("--listen: \(error)") }
    }
}
