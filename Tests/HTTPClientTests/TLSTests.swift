import HTTPClient
import TestSupport
import Testing

@Suite("TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    let client = HTTPClient()

    /// Serves as `kubernetes.test` and 127.0.0.1, and removes the files afterwards.
    private func serving(
        demandingClient: Bool = false,
        _ body: @Sendable @escaping (_ port: UInt16, _ server: TestIdentity, _ other: TestIdentity) async throws -> Void
    ) async throws {
        let server = try await TestIdentity(commonName: "server", names: ["DNS:kubernetes.test", "IP:127.0.0.1"])
        let other = try await TestIdentity(commonName: "other", names: ["DNS:other.test"])
        try await TLSServer.serve(as: server, clients: demandingClient ? other : nil) { port in
            try await body(port, server, other)
        }
        try server.remove()
        try other.remove()
    }

    private func get(_ port: UInt16, host: String = "127.0.0.1", _ tls: TLSOptions) async -> Result<String, HTTPFailure>
    {
        await client.send(HTTPRequest(method: "GET", url: "https://\(host):\(port)/", tls: tls)).map(\.text)
    }

    @Test("a server is trusted by its authority and name alone")
    func verification() async throws {
        try await serving { port, server, other in
            let trusted = TLSOptions(caPEM: server.certificatePEM)
            let text = try await get(port, trusted).get()
            #expect(text == "connection=0 sni=None host=127.0.0.1:\(port) client=None")
            #expect(await get(port, TLSOptions()).failure?.kind == .certificate, "the system does not know it")
            #expect(await get(port, TLSOptions(caPEM: other.certificatePEM)).failure?.kind == .certificate)
            #expect(await get(port, host: "localhost", trusted).failure?.kind == .certificate, "another name")
            let unverified = try await get(port, TLSOptions(skipVerification: true)).get()
            #expect(!unverified.hasPrefix("connection=0 "), "nobody shares a connection that others verified otherwise")
            let again = try await get(port, trusted).get()
            #expect(again == text)
        }
    }

    @Test("a server name stands in for the host in SNI and verification, not in the Host header")
    func serverName() async throws {
        try await serving { port, server, _ in
            var tls = TLSOptions(caPEM: server.certificatePEM, serverName: "kubernetes.test")
            for host in ["localhost", "127.0.0.1"] {
                let text = try await get(port, host: host, tls).get()
                #expect(text.hasSuffix("sni=kubernetes.test host=\(host):\(port) client=None"))
            }
            tls.serverName = "stranger.test"
            #expect(await get(port, tls).failure?.kind == .certificate)
            tls.serverName = "not a/name"
            #expect(await get(port, tls).failure?.kind == .malformed)
        }
    }

    @Test("our certificate is shown to a server that demands one")
    func clientCertificate() async throws {
        try await serving(demandingClient: true) { port, server, other in
            var tls = TLSOptions(caPEM: server.certificatePEM)
            // With TLS 1.3 the refusal comes after our request went out, and the reset that answers that may overtake it.
            let refused = try #require(await get(port, tls).failure)
            #expect(refused.kind == .tls || refused.kind == .reset)
            (tls.clientCertificatePEM, tls.clientKeyPEM) = (other.certificatePEM, other.keyPEM)
            let text = try await get(port, tls).get()
            #expect(text.hasSuffix(" client=other"))
        }
    }

    @Test("credentials of ours that are unusable are told from the server's")
    func unusableCredentials() async throws {
        try await serving { port, server, other in
            let garbage = Array("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n".utf8)
            let authorities = [garbage, [], Array("nonsense".utf8)]
            for pem in authorities { #expect(await get(port, TLSOptions(caPEM: pem)).failure?.kind == .credential) }
            let good = TLSOptions(
                caPEM: server.certificatePEM, clientCertificatePEM: other.certificatePEM, clientKeyPEM: other.keyPEM)
            for pem in [garbage, [], server.keyPEM] {
                var bad = good
                bad.clientKeyPEM = pem
                #expect(await get(port, bad).failure?.kind == .credential)
            }
            var bad = good
            bad.clientCertificatePEM = garbage
            #expect(await get(port, bad).failure?.kind == .credential)
            #expect(await get(port, good).failure == nil)
        }
    }

    @Test("a key that is encrypted is refused, and nobody is asked for its passphrase")
    func encryptedKey() async throws {
        try await serving { port, server, other in
            let tls = TLSOptions(
                caPEM: server.certificatePEM, clientCertificatePEM: other.certificatePEM,
                clientKeyPEM: try await other.encryptedKeyPEM(passphrase: "s3cret"))
            let failure = try #require(await get(port, tls).failure)
            #expect(failure.kind == .credential && !failure.message.contains("s3cret"))
        }
    }

    @Test("a server that does not speak TLS is a failure of TLS")
    func plainServer() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.read()
            try connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
        }
        #expect(await get(server.port, TLSOptions()).failure?.kind == .tls)
    }

    @Test("a proxy's tunnel carries TLS to the server, whose name the proxy learns and nothing else")
    func tunnel() async throws {
        try await serving { port, server, _ in
            let requests = Events<ServerRequest>()
            let proxy = try ScriptedServer { connection in
                requests.post(try connection.readRequest())
                try connection.write("HTTP/1.1 200 Connection established\r\nX-Proxy: 1\r\n\r\n")
                try connection.tunnel(to: port)
            }
            let tls = TLSOptions(caPEM: server.certificatePEM, serverName: "kubernetes.test")
            let request = HTTPRequest(method: "GET", url: "https://api.invalid:6443/", tls: tls, proxy: proxy.url)
            let response = try await client.send(request).get()
            #expect(response.text == "connection=0 sni=kubernetes.test host=api.invalid:6443 client=None")
            #expect(response.headers["x-proxy"] == nil)
            let seen = try #require(await requests.next())
            #expect(seen.method == "CONNECT" && seen.target == "api.invalid:6443")
        }
    }
}
