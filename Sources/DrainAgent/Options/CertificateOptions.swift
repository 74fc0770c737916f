import ArgumentParser

/// What makes the address HTTPS.
struct CertificateOptions: ParsableArguments {
    @Option(
        help:
            "File with the certificate, and the chain above it, that makes the address HTTPS; re-read when it changes."
    )
    var tlsCert: String?

    @Option(help: "File with the key of --tls-cert, without a passphrase; re-read, too.")
    var tlsKey: String?

    /// `nil`: plain HTTP.
    var files: ServerCertificateFiles? {
        guard let tlsCert, let tlsKey else { return nil }
        return ServerCertificateFiles(certificate: tlsCert, key: tlsKey)
    }

    func validate() throws {
        guard (tlsCert == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-cert and --tls-key come together")
        }
    }
}
