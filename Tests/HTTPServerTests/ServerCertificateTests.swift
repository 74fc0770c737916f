import TestSupport
import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1)))
struct ServerCertificateTests {
    /// Runs `body` with two certificates and their keys.
    private func withIdentities(_ body: (TestIdentity, TestIdentity) async throws -> Void) async throws {
        let ours = try await TestIdentity(commonName: "ours", names: ["IP:127.0.0.1"])
        let other = try await TestIdentity(commonName: "other", names: ["IP:127.0.0.1"])
        try await body(ours, other)
        try ours.remove()
        try other.remove()
    }

    private func refusal(_ certificate: [UInt8], _ key: [UInt8]) -> ServerCertificate.Unusable? {
        do {
            _ = try ServerCertificate(certificatePEM: certificate, keyPEM: key)
            return nil
        } catch { return error }
    }

    @Test("a certificate and its key are usable, and it is known until when")
    func usable() async throws {
        try await withIdentities { ours, other in
            let certificate = try ServerCertificate(
                certificatePEM: ours.certificatePEM + other.certificatePEM, keyPEM: ours.keyPEM)
            #expect(certificate.chainLength == 2)
            #expect(certificate.expires > 1_700_000_000)
        }
    }

    @Test("what is to blame is named: the certificate, the key, or that they do not belong together")
    func unusable() async throws {
        try await withIdentities { ours, other in
            let (certificate, key) = (ours.certificatePEM, ours.keyPEM)
            for broken in [[], Array("nonsense".utf8), Array(certificate.dropLast(40)), key] {
                guard case .certificate = refusal(broken, key) else {
                    Issue.record("\(String(decoding: broken.prefix(30), as: UTF8.self)) was taken for a certificate")
                    continue
                }
            }
            for broken in [[], Array("nonsense".utf8), Array(key.dropLast(40)), certificate] {
                guard case .key = refusal(certificate, broken) else {
                    Issue.record("\(String(decoding: broken.prefix(30), as: UTF8.self)) was taken for a key")
                    continue
                }
            }
            #expect(refusal(certificate, other.keyPEM) == .mismatch)
            let locked = try await ours.encryptedKeyPEM(passphrase: "x")
            #expect(refusal(certificate, locked) == .key("it needs a passphrase"))
        }
    }
}
