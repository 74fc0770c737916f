import ArgumentParser
import HTTPClient
import KubernetesClient

/// Which agent a command talks to: the one of this machine, or one at a URL.
struct AgentOptions: ParsableArguments {
    @Option(help: "The running agent's Unix socket.", completion: .file())
    var controlSocket = ServingOptions.defaultSocket

    @Option(help: "The agent's address in place of its socket, e.g. https://node-a:9809.")
    var url: String?

    @Option(help: "File with the bearer token for --url; what changes something needs it.", completion: .file())
    var tokenFile: String?

    @Option(
        help: "File with the only certificate authorities that --url may be certified by; else the system's.",
        completion: .file())
    var ca: String?

    @Flag(inversion: .prefixedNo, help: "Take any certificate of --url: whoever answers gets the token.")
    var insecureSkipTlsVerify = false

    func validate() throws {
        guard let url else {
            for (flag, isGiven) in [
                ("--token-file", tokenFile != nil), ("--ca", ca != nil),
                ("--insecure-skip-tls-verify", insecureSkipTlsVerify),
            ] where isGiven { throw ValidationError("\(flag) is for --url") }
            return
        }
        guard Self.isBase(url) else {
            throw ValidationError("--url: \"\(url)\" is not http:// or https:// and HOST:PORT")
        }
    }

    /// Scheme and authority: the routes' paths come behind it.
    private static func isBase(_ url: String) -> Bool {
        for scheme in ["https://", "http://"] where url.hasPrefix(scheme) {
            let authority = url.dropFirst(scheme.count)
            let path = authority.firstIndex(of: "/").map { authority[$0...] } ?? ""
            return !authority.isEmpty && authority.first != "/" && (path.isEmpty || path == "/")
                && !authority.contains { "@?# ".contains($0) }
        }
        return false
    }

    /// Where to ask, and as whom.
    func endpoint(_ files: FileReader = .local) throws(Unreadable) -> ControlClient.Endpoint {
        guard let url else { return ControlClient.Endpoint(url: "http://drain-agent", socket: controlSocket) }
        var endpoint = ControlClient.Endpoint(url: url.hasSuffix("/") ? String(url.dropLast()) : url)
        if let ca { endpoint.tls.caPEM = try Self.read(ca, "--ca", files) }
        endpoint.tls.skipVerification = insecureSkipTlsVerify
        if let tokenFile {
            guard let token = ControlToken.trimmed(try Self.read(tokenFile, "--token-file", files)) else {
                throw Unreadable(description: "--token-file: \(tokenFile) does not hold one line of ASCII")
            }
            endpoint.token = String(decoding: token, as: UTF8.self)
        }
        return endpoint
    }

    struct Unreadable: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    private static func read(_ path: String, _ flag: String, _ files: FileReader) throws(Unreadable) -> [UInt8] {
        do { return try files.read(path) } catch {
            throw Unreadable(description: "\(flag): \(path) cannot be read: \(error)")
        }
    }
}
