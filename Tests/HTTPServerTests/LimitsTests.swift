import Glibc
import HTTPServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LimitsTests {
    private let route = Route("GET", "/") { _ in .text(200, "ok") }

    /// Sends a byte whenever 5 ms have passed without the end of the connection; returns at the end.
    private func drip(_ client: RawClient) async throws {
        try await blocking {
            while true {
                var polled = pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0)
                if poll(&polled, 1, 5) == 1 { return }
                do { try client.send("x") } catch { return }
            }
        }
    }

    static let beginnings = ["", "G", "GET / HTTP/1.1\r\nHost: x\r\nX: ", "POST / HTTP/1.1\r\nHost: x\r\n\r\n"]

    @Test("a request that drips in is cut off when its time is over, wherever it is", arguments: beginnings)
    func slowRequest(beginning: String) async throws {
        var limits = HTTPServerLimits.quick
        limits.requestTime = .milliseconds(200)
        try await withServer([route], limits: limits) { port, _ in
            let client = try RawClient(port: port)
            if !beginning.isEmpty { try client.send(beginning) }
            try await drip(client)
            #expect(try await RawClient.get(from: port, "/").text == "ok")
        }
    }

    @Test("a later request that drips in is cut off too")
    func slowLaterRequest() async throws {
        var limits = HTTPServerLimits.quick
        limits.requestTime = .milliseconds(200)
        try await withServer([route], limits: limits) { port, _ in
            let client = try RawClient(port: port)
            #expect(try await client.get("/").text == "ok")
            try await drip(client)
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test("a connection nobody uses is closed")
    func idle() async throws {
        var limits = HTTPServerLimits.quick
        limits.idleTime = .milliseconds(50)
        try await withServer([route], limits: limits) { port, _ in
            let client = try RawClient(port: port)
            #expect(try await client.get("/").text == "ok")
            #expect(try await client.receiveAll().isEmpty)
        }
    }

    @Test("one address that takes all it can get does not keep another away")
    func oneAddress() async throws {
        var limits = HTTPServerLimits.quick
        // However slow the machine is: nobody is cut off for the time that it takes.
        limits.requestTime = .seconds(3600)
        try await withServer([route], limits: limits) { port, _ in
            let hoarders = try (0..<64).map { _ in try RawClient(port: port, from: "127.0.0.2") }
            for hoarder in hoarders { try hoarder.send("GET / HT") }
            let refused = try RawClient(port: port, from: "127.0.0.2")
            #expect(try await refused.receiveAll().isEmpty)
            #expect(try await RawClient.get(from: port, "/").text == "ok")
            try hoarders[63].send("TP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await hoarders[63].response().text == "ok")
        }
    }
}
