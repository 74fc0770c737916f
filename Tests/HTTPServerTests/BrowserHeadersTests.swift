import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1)))
struct BrowserHeadersTests {
    private static let names = [
        "x-content-type-options": "nosniff", "cache-control": "no-store", "referrer-policy": "no-referrer",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cross-origin-resource-policy": "same-origin",
    ]

    @Test("every response of ours tells browsers to do nothing with it", arguments: ["/", "/none", "/%zz"])
    func everywhere(path: String) async throws {
        try await withServer([Route("GET", "/") { _ in .text(200, "ok") }]) { port, _ in
            let response = try await RawClient.get(from: port, path)
            for (name, value) in Self.names { #expect(response.headers[name] == value) }
        }
    }

    @Test("a response that says otherwise is left alone")
    func own() async throws {
        let route = Route("GET", "/") { _ in
            HTTPServerResponse(status: 200, headers: [("cache-control", "max-age=60")])
        }
        try await withServer([route]) { port, _ in
            let response = try await RawClient.get(from: port, "/")
            #expect(response.headers["cache-control"] == "max-age=60")
            #expect(response.headers["referrer-policy"] == "no-referrer")
        }
    }

    @Test("a page's own scripts and styles run by its nonce, which is another one each time")
    func page() async throws {
        let route = Route("GET", "/") { _ in .page { Array("<script nonce=\"\($0)\"></script>".utf8) } }
        try await withServer([route]) { port, _ in
            var nonces: Set<String> = []
            for _ in 0..<3 {
                let response = try await RawClient.get(from: port, "/")
                #expect(response.headers["content-type"] == "text/html; charset=utf-8")
                let nonce = try #require(response.text.split(separator: "\"").dropFirst().first)
                #expect(nonce.count >= 16)
                nonces.insert(String(nonce))
                let policy = try #require(response.headers["content-security-policy"])
                #expect(
                    policy.hasPrefix("default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; "))
                #expect(policy.hasSuffix("base-uri 'none'; form-action 'none'; frame-ancestors 'none'"))
                #expect(!policy.contains("unsafe"))
            }
            #expect(nonces.count == 3)
        }
    }
}
