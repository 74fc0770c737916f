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
            HTTPServerResponse(
                status: 200,
                headers: [("cache-control", "max-age=60"), ("content-security-policy", "default-src 'self'")])
        }
        try await withServer([route]) { port, _ in
            let response = try await RawClient.get(from: port, "/")
            #expect(response.headers["cache-control"] == "max-age=60")
            #expect(response.headers["content-security-policy"] == "default-src 'self'")
            #expect(response.headers["referrer-policy"] == "no-referrer")
        }
    }
}
