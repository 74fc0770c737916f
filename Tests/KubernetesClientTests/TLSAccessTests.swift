import FoundationEssentials
import HTTPClient
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

/// The server here speaks no Kubernetes: that its 200 cannot be read shows that both sides trusted each other.
@Suite("Access over TLS")
struct TLSAccessTests {
    private static let trusted = "the body of a 200 cannot be read"

    private func failure(_ kubeconfig: String) async throws -> TransportFailure? {
        let files = MemoryFiles(["/k": kubeconfig])
        let access = try ClusterAccess.load(
            .kubeconfig(paths: ["/k"], context: nil), environment: ["PATH": "/usr/bin:/bin"], files: files.reader)
        let client = KubernetesClient(access: access, http: HTTPClient(), userAgent: "t", time: TestClock().source)
        let exchange = await client.send(APIRequest(.version))
        await client.shutdown()
        guard case .failure(let failure) = exchange.answer else { return nil }
        return failure
    }

    private func kubeconfig(_ port: UInt16, _ authority: TestIdentity, user: String) -> String {
        """
        current-context: x
        contexts: [{name: x, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:\(port)", tls-server-name: kubernetes,
          certificate-authority-data: \(Data(authority.certificatePEM).base64EncodedString())}}]
        users: [{name: u, user: {\(user)}}]
        """
    }

    @Test("a kubeconfig's authority and client certificate are what the handshake needs")
    func mutual() async throws {
        let server = try await TestIdentity(commonName: "apiserver", names: ["DNS:kubernetes"])
        let user = try await TestIdentity(commonName: "jane", names: ["DNS:jane"])
        let other = try await TestIdentity(commonName: "other", names: ["DNS:kubernetes"])
        try await TLSServer.serve(as: server, clients: user) { port in
            let certificate = Data(user.certificatePEM).base64EncodedString()
            let key = Data(user.keyPEM).base64EncodedString()
            let jane = "client-certificate-data: \(certificate), client-key-data: \(key)"
            let good = try await failure(kubeconfig(port, server, user: jane))
            #expect(good?.message.hasPrefix(Self.trusted) == true)
            let stranger = try await failure(kubeconfig(port, other, user: jane))
            #expect(stranger?.kind == .certificate)
            let anonymous = try await failure(kubeconfig(port, server, user: "token: abc"))
            #expect(anonymous.map { $0.message.hasPrefix(Self.trusted) } == false)
        }
        for identity in [server, user, other] { try identity.remove() }
    }

    @Test("a plugin's client certificate is what the handshake needs")
    func plugin() async throws {
        let server = try await TestIdentity(commonName: "apiserver", names: ["DNS:kubernetes"])
        let user = try await TestIdentity(commonName: "jane", names: ["DNS:jane"])
        let credential = JSONValue.object([
            "apiVersion": .text("client.authentication.k8s.io/v1"), "kind": .text("ExecCredential"),
            "status": .object([
                "clientCertificateData": .text(String(decoding: user.certificatePEM, as: UTF8.self)),
                "clientKeyData": .text(String(decoding: user.keyPEM, as: UTF8.self)),
            ]),
        ])
        let printed = user.directory.appending(path: "credential.json")
        try Data(try JSONEncoder().encode(credential)).write(to: printed)
        try await TLSServer.serve(as: server, clients: user) { port in
            let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: cat, args: [\(printed.path)]}"
            let good = try await failure(kubeconfig(port, server, user: exec))
            #expect(good?.message.hasPrefix(Self.trusted) == true)
        }
        for identity in [server, user] { try identity.remove() }
    }
}
