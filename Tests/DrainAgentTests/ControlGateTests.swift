import FoundationEssentials
import HTTPServer
import Testing

@testable import DrainAgent

@Suite struct ControlGateTests {
    private static let token = "correct-horse"

    /// A gate whose token file holds `content`; `nil`: there is no such file.
    private func withGate(_ content: String?, _ body: (ControlGate, String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID())").path
        if let content { try write(content, path) }
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(ControlGate(tokenFile: ControlTokenFile(path)), path)
    }

    private func write(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func request(_ headers: [(String, String)] = [], peer: HTTPServerRequest.Peer = .tcp(address: "127.0.0.1"))
        -> HTTPServerRequest
    {
        HTTPServerRequest(method: "POST", path: "/drain", headers: headers, peer: peer)
    }

    private func bearer(_ token: String) -> HTTPServerRequest { request([("Authorization", "Bearer \(token)")]) }

    private func text(_ response: HTTPServerResponse) -> String {
        guard case .bytes(let bytes) = response.body else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test("the Unix socket needs no token: its file mode is the guard")
    func unixSocket() async throws {
        #expect(await ControlGate(tokenFile: nil).refusal(of: request(peer: .unix)) == nil)
        try await withGate(nil) { gate, _ in #expect(await gate.refusal(of: request(peer: .unix)) == nil) }
    }

    @Test("over TCP nothing changes without --control-token-file, and the refusal says how it would")
    func noTokenFile() async throws {
        let refusal = try #require(await ControlGate(tokenFile: nil).refusal(of: bearer(Self.token)))
        #expect(refusal.status == 403)
        #expect(text(refusal).contains("--control-token-file"))
        #expect(text(refusal).contains("drain-agent trigger"))
    }

    @Test("the right token may", arguments: ["Bearer ", "bearer ", "BEARER "])
    func rightToken(scheme: String) async throws {
        try await withGate("\(Self.token)\n") { gate, _ in
            #expect(await gate.refusal(of: request([("authorization", scheme + Self.token)])) == nil)
        }
    }

    @Test(
        "anything but the token is 401, with the scheme that is wanted",
        arguments: [
            nil, "", "Bearer", "Bearer ", "Bearer wrong", "Bearer correct-hors", "Bearer correct-horse2",
            "Bearer CORRECT-HORSE", "Basic Y29ycmVjdC1ob3JzZQ==", "correct-horse", "Bearer  correct-horse",
        ] as [String?])
    func wrongToken(header: String?) async throws {
        try await withGate(Self.token) { gate, _ in
            let refusal = try #require(await gate.refusal(of: request(header.map { [("Authorization", $0)] } ?? [])))
            #expect(refusal.status == 401)
            #expect(refusal.headers.contains { $0 == ("WWW-Authenticate", "Bearer") })
            #expect(!text(refusal).contains(Self.token))
        }
    }

    @Test("a token file that changes counts at once")
    func rotated() async throws {
        try await withGate("old") { gate, path in
            #expect(await gate.refusal(of: bearer("old")) == nil)
            try write("new\r\n", path)
            #expect(await gate.refusal(of: bearer("old"))?.status == 401)
            #expect(await gate.refusal(of: bearer("new")) == nil)
        }
    }

    @Test("a token file that is missing or empty lets nobody in, and says that it is the server's fault")
    func unusable() async throws {
        for content in [
            nil, "", "\n", " \r\n", " \(Self.token)", "\u{FEFF}\(Self.token)", "\t\(Self.token)", "\(Self.token)\n2\n",
        ] {
            try await withGate(content) { gate, _ in
                #expect(await gate.refusal(of: bearer(""))?.status == 503)
                #expect(await gate.refusal(of: bearer(Self.token))?.status == 503)
            }
        }
        #expect(await ControlGate(tokenFile: ControlTokenFile("/")).refusal(of: bearer(Self.token))?.status == 503)
    }

    @Test(
        "a browser is refused even with the token",
        arguments: [
            ("Origin", "http://127.0.0.1:9809"), ("Origin", "null"), ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Site", "cross-site"), ("sec-fetch-site", "same-site"),
        ])
    func browsers(name: String, value: String) async throws {
        try await withGate(Self.token) { gate, _ in
            let asked = request([("Authorization", "Bearer \(Self.token)"), (name, value)])
            #expect(await gate.refusal(of: asked)?.status == 403)
        }
    }

    @Test("somebody who types the address into a browser is no page's script")
    func addressBar() async throws {
        try await withGate(Self.token) { gate, _ in
            let asked = request([("Authorization", "Bearer \(Self.token)"), ("Sec-Fetch-Site", "none")])
            #expect(await gate.refusal(of: asked) == nil)
        }
    }

    @Test("the constant-time comparison compares")
    func comparison() {
        let word = Array("token".utf8)
        #expect(ControlGate.equal(word, word))
        #expect(ControlGate.equal([], []))
        for index in word.indices {
            var other = word
            other[index] ^= 1
            #expect(!ControlGate.equal(word, other))
        }
        #expect(!ControlGate.equal(word, Array(word.dropLast())))
        #expect(!ControlGate.equal([], word))
    }
}
