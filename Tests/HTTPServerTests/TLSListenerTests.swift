import HTTPClient
import TestSupport
import Testing

@testable import HTTPServer

@Suite("TLS listener", .timeLimit(.minutes(1)))
struct TLSListenerTests {
    private let delivered = Happening<Bool>()

    private var routes: [Route] {
        [
            Route("GET", "/") { _ in .text(200, "ok") },
            Route("GET", "/large") { [delivered] _ in
                HTTPServerResponse(
                    status: 200, body: .bytes([UInt8](repeating: 0x61, count: 300_000)),
                    onDelivered: { delivered.happened($0) })
            },
            Route("POST", "/length", bodyLimit: 1 << 20) { .text(200, "\($0.body.count)") },
        ]
    }

    /// Runs `body` with a server that proves itself with the first of two certificates.
    private func withServer(
        _ more: [Route] = [],
        _ body: (UInt16, ServerIdentity, HTTPClient, _ ours: TestIdentity, _ next: TestIdentity) async throws -> Void
    ) async throws {
        let ours = try await TestIdentity(commonName: "ours", names: ["IP:127.0.0.1"])
        let next = try await TestIdentity(commonName: "next", names: ["IP:127.0.0.1"])
        let identity = ServerIdentity(
            try ServerCertificate(certificatePEM: ours.certificatePEM, keyPEM: ours.keyPEM))
        let server = HTTPServer(routes: routes + more, limits: .quick)
        let port = try server.start(.tcp(host: "127.0.0.1", port: 0), identity: identity).port ?? 0
        let client = HTTPClient(maxConnections: 1)
        try await body(port, identity, client, ours, next)
        await client.shutdown()
        await server.stop(grace: .zero)
        try ours.remove()
        try next.remove()
    }

    private func request(
        _ path: String, _ port: UInt16, _ trusted: TestIdentity, body: [UInt8]? = nil
    ) -> HTTPRequest {
        HTTPRequest(
            method: body == nil ? "GET" : "POST", url: "https://127.0.0.1:\(port)\(path)", body: body,
            tls: TLSOptions(caPEM: trusted.certificatePEM))
    }

    @Test("requests and answers of more than one record come through whole, and delivery is known")
    func whole() async throws {
        try await withServer { port, _, client, ours, _ in
            let large = try await client.send(request("/large", port, ours)).get()
            #expect(large.body == [UInt8](repeating: 0x61, count: 300_000))
            #expect(await delivered.next() == true)
            let body = [UInt8](repeating: 0x62, count: 200_000)
            #expect(
                try await client.send(request("/length", port, ours, body: body)).get().body == Array("200000".utf8))
        }
    }

    @Test("a stream's pushes arrive, also after it was silent")
    func stream() async throws {
        let stream = ResponseStream()
        let route = Route("GET", "/events") { _ in HTTPServerResponse(status: 200, body: .stream(stream)) }
        try await withServer([route]) { port, _, client, ours, _ in
            async let answer = client.send(request("/events", port, ours))
            for number in 0..<50 {
                #expect(stream.push(Array("\(number)\n".utf8)))
                await Task.yield()
            }
            stream.finish()
            let text = String(decoding: try await answer.get().body, as: UTF8.self)
            #expect(text == (0..<50).map { "\($0)\n" }.joined())
        }
    }

    @Test("a replaced certificate is the one of new connections; those that there are go on")
    func replaced() async throws {
        try await withServer { port, identity, client, ours, next in
            #expect(try await client.send(request("/", port, ours)).get().status == 200)
            identity.replace(
                with: try ServerCertificate(certificatePEM: next.certificatePEM, keyPEM: next.keyPEM))
            #expect(try await client.send(request("/", port, ours)).get().status == 200, "its connection is kept")
            let other = HTTPClient(maxConnections: 1)
            guard case .failure(let failure) = await other.send(request("/", port, ours)) else {
                Issue.record("a new connection got the old certificate")
                return
            }
            #expect(failure.kind == .certificate)
            #expect(try await other.send(request("/", port, next)).get().status == 200)
            await other.shutdown()
        }
    }

    @Test(
        "who does not speak TLS gets no answer, and the next client is served",
        arguments: ["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}", "\r\n\r\n", "PRI * HTTP/2.0\r\n\r\n"])
    func plain(text: String) async throws {
        try await withServer { port, _, client, ours, _ in
            let plain = try RawClient(port: port)
            try plain.send(text)
            plain.finishSending()
            #expect(!String(decoding: try await plain.receiveAll(), as: UTF8.self).contains("HTTP"))
            #expect(try await client.send(request("/", port, ours)).get().status == 200)
        }
    }

    @Test("a handshake that does not come to an end is cut off when a request's time is over")
    func unfinished() async throws {
        let ours = try await TestIdentity(commonName: "ours", names: ["IP:127.0.0.1"])
        let identity = ServerIdentity(
            try ServerCertificate(certificatePEM: ours.certificatePEM, keyPEM: ours.keyPEM))
        var limits = HTTPServerLimits.quick
        limits.requestTime = .milliseconds(200)
        let server = HTTPServer(routes: routes, limits: limits)
        let port = try server.start(.tcp(host: "127.0.0.1", port: 0), identity: identity).port ?? 0
        let client = try RawClient(port: port)
        try client.send([0x16, 3, 1, 2, 0])
        #expect(try await client.receiveAll().count < 100)
        await server.stop(grace: .zero)
        try ours.remove()
    }
}
