import Locking

/// What a TLS listener proves itself with: new connections get the certificate of the moment.
public final class ServerIdentity: Sendable {
    private let present: Lock<ServerCertificate>

    public init(_ certificate: ServerCertificate) { present = Lock(certificate) }

    var certificate: ServerCertificate { present.withLock { $0 } }

    /// For connections from now on; those that there are keep theirs.
    public func replace(with certificate: ServerCertificate) { present.withLock { $0 = certificate } }
}
