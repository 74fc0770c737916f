import HTTPServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StopTests {
    @Test("a stop gives a held answer time, and the connection ends with it")
    func graceful() async throws {
        let (arrived, gate) = (Happening<Void>(), Happening<Void>())
        let route = Route("GET", "/") { _ in
            arrived.happened(())
            await gate.next()
            return .text(200, "done")
        }
        try await withServer([route]) { port, server in
            let client = try RawClient(port: port)
            try client.request("GET", "/")
            await arrived.next()
            async let stopped: Void = server.stop(grace: .seconds(60))
            while (try? await RawClient.get(from: port, "/other")) != nil {}
            gate.happened(())
            let response = try await client.response()
            #expect(response.text == "done")
            #expect(response.headers["connection"]?.lowercased() == "close")
            #expect(try await client.receiveAll().isEmpty)
            await stopped
        }
    }

    /// Returns when nobody listens any more.
    private func untilRefused(_ port: UInt16) async {
        while (try? RawClient(port: port)) != nil { await Task.yield() }
    }

    @Test("a stop that cannot wait cancels handlers, ends streams and does not hang")
    func abrupt() async throws {
        let (arrived, cancelled) = (Happening<Void>(), Happening<Void>())
        let routes = [
            Route("GET", "/held") { _ in
                arrived.happened(())
                // Each its own: the first that is cancelled ends the waiting of all who wait for the same.
                let never = Happening<Void>()
                await never.next()
                cancelled.happened(())
                return .text(200, "too late")
            },
            Route("GET", "/stream") { _ in
                arrived.happened(())
                return HTTPServerResponse(status: 200, body: .stream(ResponseStream()))
            },
        ]
        try await withServer(routes) { port, server in
            let clients = try (0..<40).map { _ in try RawClient(port: port) }
            for (number, client) in clients.enumerated() {
                try client.request("GET", number % 2 == 0 ? "/held" : "/stream")
            }
            for _ in clients { await arrived.next() }
            await server.stop(grace: .zero)
            for _ in 0..<20 { await cancelled.next() }
            for client in clients {
                #expect(!String(decoding: try await client.receiveAll(), as: UTF8.self).contains("too late"))
            }
        }
    }

    @Test("a stop ends a stream in order and does not wait its whole grace for it")
    func streams() async throws {
        let stream = ResponseStream()
        let route = Route("GET", "/") { _ in HTTPServerResponse(status: 200, body: .stream(stream)) }
        try await withServer([route]) { port, server in
            let client = try RawClient(port: port)
            #expect(stream.push(Array("last".utf8)))
            try client.request("GET", "/")
            #expect(try await !client.receive().isEmpty)
            await server.stop(grace: .seconds(3600))
            #expect(String(decoding: try await client.receiveAll(), as: UTF8.self).hasSuffix("0\r\n\r\n"))
        }
    }

    @Test("a stop under fire from clients ends")
    func underFire() async throws {
        let route = Route("GET", "/") { _ in .text(200, "ok") }
        for _ in 0..<5 {
            try await withServer([route]) { port, server in
                await withTaskGroup { group in
                    for _ in 0..<4 {
                        group.addTask {
                            // Ends with the error of a client whose server has gone.
                            while let client = try? RawClient(port: port), (try? await client.get("/")) != nil {}
                        }
                    }
                    while (try? await RawClient.get(from: port, "/")) == nil {}
                    await server.stop()
                }
                #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
            }
        }
    }

    @Test("a second stop waits for the first, and a stopped server does not start again")
    func twice() async throws {
        let server = HTTPServer(routes: [])
        try server.start(.tcp(host: "127.0.0.1", port: 0))
        async let first: Void = server.stop()
        await server.stop()
        await first
        let address = ListenAddress.tcp(host: "127.0.0.1", port: 0)
        #expect(throws: HTTPServerError.stopped(address)) { try server.start(address) }
    }

    @Test("a server that never started stops at once")
    func neverStarted() async {
        let server = HTTPServer(routes: [])
        await server.stop()
        #expect(throws: HTTPServerError.self) { try server.start(.tcp(host: "127.0.0.1", port: 0)) }
    }

    @Test("a server that is forgotten frees its port")
    func forgotten() async throws {
        var server: HTTPServer? = HTTPServer(routes: [])
        let port = try server?.start(.tcp(host: "127.0.0.1", port: 0)).port ?? 0
        _ = try RawClient(port: port)
        server = nil
        await untilRefused(port)
        #expect(throws: RawClient.Failure.self) { try RawClient(port: port) }
    }
}
