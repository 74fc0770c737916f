import HTTPClient
import Locking
import Testing
import Timestamps

@testable import KubernetesClient

@Suite("Credentials that rotate")
struct CredentialStoreTests {
    private let clock = TestClock()
    private let files = MemoryFiles(["/token": "one\n", "/cert": "C1", "/key": "K1"])

    private func store(_ credential: Credential, certificates: CertificateFiles? = nil) -> CredentialStore {
        CredentialStore(
            access: ClusterAccess(server: "https://a", credential: credential, certificateFiles: certificates),
            files: files.reader, time: clock.source)
    }

    private func header(_ store: CredentialStore) async throws -> String? {
        try await store.credential().get().authorization
    }

    @Test(
        "a fixed credential is its header",
        arguments: [
            (Credential.none, nil), (.token("abc"), "Bearer abc"),
            (.basic(username: "Aladdin", password: "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ] as [(Credential, String?)])
    func fixed(credential: Credential, expected: String?) async throws {
        #expect(try await header(store(credential)) == expected)
    }

    @Test("a token's file is read again after a minute")
    func rotation() async throws {
        let store = store(.tokenFile(path: "/token"))
        #expect(try await header(store) == "Bearer one")
        files["/token"] = "two"
        clock.advance(.seconds(59))
        #expect(try await header(store) == "Bearer one")
        clock.advance(.seconds(1))
        #expect(try await header(store) == "Bearer two")
    }

    @Test("a token's file is read again after a refusal")
    func refusal() async throws {
        let store = store(.tokenFile(path: "/token"))
        let first = try await store.credential().get()
        files["/token"] = "two"
        await store.refused(first)
        #expect(try await header(store) == "Bearer two")
        await store.refused(first)
        files["/token"] = "three"
        #expect(try await header(store) == "Bearer two", "the refusal was of an older token")
    }

    @Test("a file that cannot be read for a while leaves the last token in use, unless that was refused")
    func unreadable() async throws {
        let store = store(.tokenFile(path: "/token"))
        let first = try await store.credential().get()
        files["/token"] = nil
        clock.advance(.seconds(60))
        #expect(try await header(store) == "Bearer one")
        await store.refused(first)
        #expect(await store.credential() == .failure(.unreadableFile(path: "/token", reason: .missing)))
        files["/token"] = "two"
        #expect(try await header(store) == "Bearer two")
    }

    @Test("a token beside its file is used only while there is no file")
    func fallback() async throws {
        let store = store(.tokenFile(path: "/later", fallback: "spare"))
        #expect(try await header(store) == "Bearer spare")
        files["/later"] = "written"
        clock.advance(.seconds(60))
        #expect(try await header(store) == "Bearer written")
    }

    @Test("a client certificate's files are read again like a token's")
    func certificates() async throws {
        let store = store(.none, certificates: CertificateFiles(certificate: "/cert", key: "/key"))
        let first = try await store.credential().get()
        #expect(first.certificate == .init(certificatePEM: Array("C1".utf8), keyPEM: Array("K1".utf8)))
        files["/cert"] = "C2"
        files["/key"] = "K2"
        #expect(try await store.credential().get() == first)
        await store.refused(first)
        #expect(
            try await store.credential().get().certificate
                == .init(certificatePEM: Array("C2".utf8), keyPEM: Array("K2".utf8)))
    }

    @Test(
        "what cannot go into a header never does",
        arguments: [
            Credential.token(""), .token("a b"), .token("a\r\nX: y"), .token("ä"), .tokenFile(path: "/bad"),
            .tokenFile(path: "/blank"), .basic(username: "a:b", password: "c"), .basic(username: "a\nb", password: "c"),
        ])
    func unusable(credential: Credential) async {
        files["/bad"] = "one\ntwo"
        files["/blank"] = " \n"
        guard case .failure(let error) = await store(credential).credential() else {
            Issue.record("it was used")
            return
        }
        #expect(!error.description.isEmpty)
    }
}
