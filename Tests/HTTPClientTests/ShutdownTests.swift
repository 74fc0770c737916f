import HTTPClient
import TestSupport
import Testing

@Suite("The end of a client", .timeLimit(.minutes(1)))
struct ShutdownTests {
    @Test("a shutdown ends what is in flight, and all that comes later, as closed")
    func shutdown() async throws {
        let (requests, ends) = (Events<ServerRequest>(), Events<ConnectionEnd>())
        let server = try ScriptedServer { connection in
            let request = try connection.readRequest()
            if request.target == "/stream" { try connection.write("HTTP/1.1 200 OK\r\n\r\n") }
            requests.post(request)
            ends.post(connection.waitForEnd())
        }
        let client = HTTPClient()
        let stream = try await client.stream(HTTPRequest(method: "GET", url: server.url + "/stream")).get()
        let waiting = (0..<5).map { _ in
            Task { await client.send(HTTPRequest(method: "GET", url: server.url)) }
        }
        for _ in 0..<6 { _ = await requests.next() }
        await client.shutdown()
        for task in waiting { #expect(await task.value.failure?.kind == .closed) }
        #expect(await stream.next()?.failure?.kind == .closed)
        for _ in 0..<6 { #expect(await ends.next() != .silent) }
        #expect(await client.send(HTTPRequest(method: "GET", url: server.url)).failure?.kind == .closed)
        #expect(await client.stream(HTTPRequest(method: "GET", url: server.url)).failure?.kind == .closed)
        await client.shutdown()
    }

    @Test("several may shut a client down at once")
    func concurrentShutdowns() async {
        let client = HTTPClient()
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 { group.addTask { await client.shutdown() } }
        }
        #expect(await client.send(HTTPRequest(method: "GET", url: "http://127.0.0.1:1")).failure?.kind == .closed)
    }

    @Test("a client that nobody holds closes its idle connections: its thread has ended")
    func dropped() async throws {
        let ends = Events<ConnectionEnd>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond("200 OK")
            ends.post(connection.waitForEnd())
        }
        var client: HTTPClient? = HTTPClient()
        _ = try await client?.send(HTTPRequest(method: "GET", url: server.url)).get()
        client = nil
        #expect(try #require(await ends.next()) != .silent)
    }

    @Test("a stream keeps its client alive")
    func streamOutlives() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
            try connection.write("late")
        }
        let stream = try await HTTPClient().stream(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(await stream.readAll() == .success(Array("late".utf8)))
    }
}
