import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1)))
struct DeliveryTests {
    private let delivered = Happening<Bool>()

    /// Nobody is given up for the time it takes.
    private var patient: HTTPServerLimits {
        var limits = HTTPServerLimits.quick
        limits.responseStallTime = .seconds(600)
        return limits
    }

    private func route(bytes: Int) -> Route {
        Route("GET", "/") { [delivered] _ in
            HTTPServerResponse(
                status: 200, body: .bytes([UInt8](repeating: 0x61, count: bytes)),
                onDelivered: { delivered.happened($0) })
        }
    }

    @Test("a response whose client has every byte is delivered", arguments: ["keep-alive", "close"], [0, 5, 1 << 20])
    func delivered(connection: String, bytes: Int) async throws {
        try await withServer([route(bytes: bytes)]) { port, _ in
            let client = try RawClient(port: port)
            #expect(try await client.get("/", ["Connection: \(connection)"]).body.count == bytes)
            #expect(await delivered.next() == true)
        }
    }

    @Test("a response over a Unix socket is delivered when it has been read")
    func deliveredLocally() async throws {
        try await withTemporaryDirectory { directory in
            let server = HTTPServer(routes: [route(bytes: 5)], limits: .quick)
            try server.start(.unix(path: directory + "/s"))
            #expect(try await RawClient.get(at: directory + "/s", "/").body.count == 5)
            #expect(await delivered.next() == true)
            await server.stop()
        }
    }

    @Test("a client that leaves while its answer is held gets nothing delivered")
    func leftWhileHeld() async throws {
        let (arrived, gate) = (Happening<Void>(), Happening<Void>())
        let held = Route("GET", "/") { [delivered] _ in
            arrived.happened(())
            await gate.next()
            return HTTPServerResponse(status: 200, onDelivered: { delivered.happened($0) })
        }
        try await withServer([held]) { port, _ in
            let client = try RawClient(port: port)
            try client.request("GET", "/")
            await arrived.next()
            client.finishSending()
            #expect(await delivered.next() == false)
        }
    }

    @Test("what the kernel has taken and the client resets was not delivered", arguments: [100_000, 4 << 20])
    func reset(bytes: Int) async throws {
        try await withServer([route(bytes: bytes)]) { port, _ in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            try client.request("GET", "/")
            #expect(try await !client.receive().isEmpty)
            client.reset()
            #expect(await delivered.next() == false)
        }
    }

    @Test("a client that never reads is cut off and got nothing delivered", arguments: [100_000, 4 << 20])
    func neverReads(bytes: Int) async throws {
        var limits = HTTPServerLimits.quick
        limits.responseStallTime = .milliseconds(200)
        try await withServer([route(bytes: bytes)], limits: limits) { port, _ in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            try client.request("GET", "/")
            #expect(await delivered.next() == false)
        }
    }

    @Test("a client that asks and never reads holds only so many descriptors: the oldest are not waited for")
    func manyUnread() async throws {
        try await withServer([route(bytes: 3000)], limits: patient) { port, _ in
            let client = try RawClient(port: port, receiveBuffer: 2048)
            try client.send(
                String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: Deliveries.limitPerClient * 2))
            #expect(await delivered.next() == false)
        }
    }

    @Test("one client's unread answers are not given up for another's")
    func perClient() async throws {
        try await withServer([route(bytes: 3000)], limits: patient) { port, _ in
            let hoarder = try RawClient(port: port, from: "127.0.0.2", receiveBuffer: 2048)
            try hoarder.send(String(repeating: "GET / HTTP/1.1\r\nHost: x\r\n\r\n", count: 60))
            #expect(await delivered.next() == false)
            #expect(try await RawClient.get(from: port, "/").status == 200)
            var outcome = await delivered.next()
            while outcome == false { outcome = await delivered.next() }
            #expect(outcome == true)
        }
    }

    @Test("a stop that cannot wait reports what was under way as not delivered")
    func stopped() async throws {
        try await withServer([route(bytes: 4 << 20)]) { port, server in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            try client.request("GET", "/")
            #expect(try await !client.receive().isEmpty)
            await server.stop(grace: .zero)
            #expect(await delivered.next() == false)
        }
    }
}
