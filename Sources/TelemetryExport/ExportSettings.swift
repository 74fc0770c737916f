import FoundationEssentials
import HTTPClient

/// How spans get to a collector.
public struct ExportSettings: Sendable {
    public let url: CollectorURL
    /// May hold secrets: in no log and no error.
    var headers: [(name: String, value: String)] = []
    /// Files of PEM; read again for each request, for they are replaced in time.
    var certificate: String?
    var clientKey: String?
    var clientCertificate: String?
    /// From the beginning of a request to its whole answer.
    var timeout = Duration.seconds(10)
    var compresses = true

    /// - Throws: a `HTTPFailure` that names the file that cannot be read.
    func tls() throws(HTTPFailure) -> TLSOptions {
        TLSOptions(
            caPEM: try Self.read(certificate), clientCertificatePEM: try Self.read(clientCertificate),
            clientKeyPEM: try Self.read(clientKey))
    }

    /// The text of somebody else without our secrets in it, and not too long.
    func redacted(_ text: String) -> String {
        // Of `Bearer abc` the last word is the secret.
        let words = headers.flatMap { [$0.value, $0.value.split(separator: " ").last.map(String.init) ?? ""] }
        var text = text
        for secret in url.secrets + words where !secret.isEmpty { text = text.replacing(secret, with: "***") }
        return String(text.prefix(300))
    }

    private static func read(_ path: String?) throws(HTTPFailure) -> [UInt8]? {
        guard let path else { return nil }
        do { return Array(try Data(contentsOf: URL(fileURLWithPath: path))) } catch {
            throw HTTPFailure(.credential, "\(path) cannot be read")
        }
    }
}
