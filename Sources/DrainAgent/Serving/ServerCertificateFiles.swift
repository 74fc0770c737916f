import HTTPServer
import KubernetesClient
import Timestamps

/// Where the listener's certificate and its key are.
struct ServerCertificateFiles: Sendable, Equatable {
    var certificate: String
    var key: String

    /// What is in the two, as PEM.
    struct Content: Equatable {
        var certificate: [UInt8]
        var key: [UInt8]
    }

    /// Names the file that is to blame.
    struct Problem: Error, Equatable, CustomStringConvertible {
        var description: String
    }

    func read(_ files: FileReader = .local) throws(Problem) -> Content {
        Content(
            certificate: try Self.read(certificate, "--tls-cert", files), key: try Self.read(key, "--tls-key", files))
    }

    func certificate(_ content: Content) throws(Problem) -> ServerCertificate {
        do {
            return try ServerCertificate(certificatePEM: content.certificate, keyPEM: content.key)
        } catch {
            switch error {
            case .certificate(let reason):
                throw Problem(description: "--tls-cert: \(certificate) is not a certificate in PEM: \(reason)")
            case .key(let reason): throw Problem(description: "--tls-key: \(key) is not a key in PEM: \(reason)")
            case .mismatch:
                throw Problem(description: "--tls-key: \(key) is not the key of the certificate in \(certificate)")
            }
        }
    }

    /// Why clients will not take it; `nil`: it is valid.
    func problem(with certificate: ServerCertificate, at now: Timestamp) -> Problem? {
        if now < certificate.validity.begin {
            let begin = certificate.validity.begin.rfc3339()
            return Problem(description: "--tls-cert: \(self.certificate) is not valid before \(begin)")
        }
        if now >= certificate.validity.end {
            return Problem(
                description: "--tls-cert: \(self.certificate) expired at \(certificate.validity.end.rfc3339())")
        }
        return nil
    }

    private static func read(_ path: String, _ flag: String, _ files: FileReader) throws(Problem) -> [UInt8] {
        do { return try files.read(path) } catch {
            throw Problem(description: "\(flag): \(path) cannot be read: \(error)")
        }
    }
}

extension ServerCertificate {
    var validity: (begin: Timestamp, end: Timestamp) { (Timestamp(seconds: begins), Timestamp(seconds: expires)) }
}
