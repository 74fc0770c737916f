import HTTPClient
import TestSupport
import Testing

@Suite("Cancelling closes the socket", .timeLimit(.minutes(1)))
struct CancellationTests {
    let client = HTTPClient()

    @Test("before the first byte")
    func beforeFirstByte() async throws {
        let (requests, ends) = (Events<ServerRequest>(), Events<ConnectionEnd>())
        let server = try ScriptedServer { connection in
            requests.post(try connection.readRequest())
            ends.post(connection.waitForEnd())
        }
        let task = Task { [client] in await client.send(HTTPRequest(method: "GET", url: server.url)) }
        _ = await requests.next()
        task.cancel()
        #expect(await task.value.failure?.kind == .cancelled)
        #expect(try #require(await ends.next()) != .silent)
    }

    @Test("before the head of a stream")
    func beforeHead() async throws {
        let (requests, ends) = (Events<ServerRequest>(), Events<ConnectionEnd>())
        let server = try ScriptedServer { connection in
            requests.post(try connection.readRequest())
            ends.post(connection.waitForEnd())
        }
        let task = Task { [client] in await client.stream(HTTPRequest(method: "GET", url: server.url)) }
        _ = await requests.next()
        task.cancel()
        #expect(await task.value.failure?.kind == .cancelled)
        #expect(try #require(await ends.next()) != .silent)
    }

    @Test("before it began: a task that is cancelled already sends nothing")
    func beforeStart() async throws {
        let server = try ScriptedServer { connection in _ = try connection.readRequest() }
        let task = Task { [client] in
            withUnsafeCurrentTask { $0?.cancel() }
            return await client.send(HTTPRequest(method: "GET", url: server.url))
        }
        #expect(await task.value.failure?.kind == .cancelled)
        #expect(server.acceptedCount == 0)
    }

    enum Departure: CaseIterable, Sendable { case cancelledStream, cancelledTask, droppedStream }

    @Test("in the middle of a stream, however its consumer leaves", arguments: Departure.allCases)
    func midStream(departure: Departure) async throws {
        let ends = Events<ConnectionEnd>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.writeChunk("first")
            ends.post(connection.waitForEnd())
        }
        var stream: HTTPStream? = try await client.stream(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(await stream?.next() == .success(Array("first".utf8)))
        switch departure {
        case .cancelledStream:
            stream?.cancel()
            #expect(await stream?.next()?.failure?.kind == .cancelled)
            #expect(await stream?.next()?.failure?.kind == .cancelled)
        case .cancelledTask:
            let task = Task { [stream] in await stream?.next() }
            task.cancel()
            #expect(await task.value?.failure?.kind == .cancelled)
        case .droppedStream: stream = nil
        }
        #expect(try #require(await ends.next()) != .silent)
    }

    @Test("a request that was cancelled leaves no connection to the pool")
    func notReused() async throws {
        let requests = Events<Int>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            requests.post(connection.number)
            guard connection.number > 0 else { throw connection.waitForEnd() }
            try connection.respond("200 OK", body: "\(connection.number)")
        }
        let task = Task { [client] in await client.send(HTTPRequest(method: "GET", url: server.url)) }
        _ = await requests.next()
        task.cancel()
        _ = await task.value
        #expect(try await client.send(HTTPRequest(method: "GET", url: server.url)).get().text == "1")
    }
}
