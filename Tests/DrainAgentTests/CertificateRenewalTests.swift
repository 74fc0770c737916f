import HTTPServer
import KubernetesClient
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent

@Suite(.timeLimit(.minutes(1))) struct CertificateRenewalTests {
    private let now = TimeSource.anchored().now()
    private static let files = ServerCertificateFiles(certificate: "/tls/tls.crt", key: "/tls/tls.key")

    /// What a look finds, as a word.
    private func word(_ finding: CertificateRenewal.Finding) -> String {
        switch finding {
        case .unchanged: "unchanged"
        case .renewed: "renewed"
        case .refused(let problem): "refused: \(problem)"
        }
    }

    private func renewal(from inUse: ServerCertificateFiles.Content) throws -> CertificateRenewal {
        CertificateRenewal(Self.files, inUse: inUse, try Self.files.certificate(inUse))
    }

    private func withPairs(
        _ body: (_ ours: ServerCertificateFiles.Content, _ next: ServerCertificateFiles.Content) throws -> Void
    ) async throws {
        let identities = [
            try await TestIdentity(commonName: "ours", names: ["IP:127.0.0.1"], days: 30),
            try await TestIdentity(commonName: "next", names: ["IP:127.0.0.1"]),
        ]
        let pairs = identities.map { ServerCertificateFiles.Content(certificate: $0.certificatePEM, key: $0.keyPEM) }
        try body(pairs[0], pairs[1])
        for identity in identities { try identity.remove() }
    }

    @Test("a pair that is another one and good is taken at once, and only once")
    func renewed() async throws {
        try await withPairs { ours, next in
            var renewal = try renewal(from: ours)
            #expect(word(renewal.look(at: .success(ours), now)) == "unchanged")
            #expect(word(renewal.look(at: .success(next), now)) == "renewed")
            #expect(word(renewal.look(at: .success(next), now)) == "unchanged")
            #expect(word(renewal.look(at: .success(ours), now)) == "renewed")
        }
    }

    @Test("what is half written at one look and whole at the next is no trouble")
    func halfWritten() async throws {
        try await withPairs { ours, next in
            var renewal = try renewal(from: ours)
            var half = next
            half.key = ours.key
            #expect(word(renewal.look(at: .success(half), now)) == "unchanged")
            #expect(word(renewal.look(at: .success(next), now)) == "renewed")
        }
    }

    @Test(
        "what stays unusable is told once, by its reason; a new reason is told, too, and so is the old one after a good look"
    )
    func refused() async throws {
        try await withPairs { ours, next in
            var renewal = try renewal(from: ours)
            var mismatch = next
            mismatch.key = ours.key
            let missing = ServerCertificateFiles.Problem(description: "--tls-cert: it is gone")
            let refusal = "refused: --tls-key: /tls/tls.key is not the key of the certificate in /tls/tls.crt"
            #expect(word(renewal.look(at: .success(mismatch), now)) == "unchanged")
            #expect(word(renewal.look(at: .success(mismatch), now)) == refusal)
            #expect(word(renewal.look(at: .success(mismatch), now)) == "unchanged")
            #expect(word(renewal.look(at: .failure(missing), now)) == "unchanged")
            #expect(word(renewal.look(at: .failure(missing), now)) == "refused: --tls-cert: it is gone")
            #expect(word(renewal.look(at: .success(ours), now)) == "unchanged")
            #expect(word(renewal.look(at: .success(mismatch), now)) == "unchanged")
            #expect(word(renewal.look(at: .success(mismatch), now)) == refusal)
        }
    }

    @Test("one that has expired does not take the place of one that is valid, only of another that is not")
    func expired() async throws {
        try await withPairs { ours, next in
            // `next` is good for two days, `ours` for thirty.
            let end = try Self.files.certificate(next).validity.end
            var renewal = try renewal(from: ours)
            #expect(word(renewal.look(at: .success(next), end)) == "unchanged")
            let refusal = "refused: --tls-cert: /tls/tls.crt expired at \(end.rfc3339())"
            #expect(word(renewal.look(at: .success(next), end)) == refusal)
            #expect(word(renewal.look(at: .success(next), end)) == "unchanged")
            #expect(word(renewal.look(at: .success(next), end + .seconds(29 * 86_400))) == "renewed")
            #expect(word(renewal.look(at: .success(ours), end)) == "renewed")
            #expect(word(renewal.look(at: .success(next), end - .seconds(1))) == "renewed")
        }
    }

    @Test("a certificate has a problem before its time and from its end on")
    func validity() async throws {
        try await withPairs { ours, _ in
            let certificate = try Self.files.certificate(ours)
            let (begin, end) = certificate.validity
            let problem = { (moment: Timestamp) in Self.files.problem(with: certificate, at: moment)?.description }
            #expect(
                problem(begin - .seconds(1)) == "--tls-cert: /tls/tls.crt is not valid before \(begin.rfc3339())")
            #expect(problem(begin) == nil)
            #expect(problem(end - .seconds(1)) == nil)
            #expect(problem(end) == "--tls-cert: /tls/tls.crt expired at \(end.rfc3339())")
        }
    }

    @Test("a file that cannot be read or used is named with its flag")
    func problems() {
        let none = FileReader(
            read: { (path) throws(FileReader.Failure) in
                guard path.hasSuffix(".crt") else { throw .missing }
                return []
            }, exists: { _ in false })
        #expect(
            throws: ServerCertificateFiles.Problem(
                description: "--tls-key: /tls/tls.key cannot be read: there is no such file")
        ) {
            try Self.files.read(none)
        }
        let empty = ServerCertificateFiles.Content(certificate: [], key: [])
        do {
            _ = try Self.files.certificate(empty)
            Issue.record("an empty file was taken for a certificate")
        } catch {
            #expect(error.description.hasPrefix("--tls-cert: /tls/tls.crt is not a certificate in PEM: "))
        }
    }
}
