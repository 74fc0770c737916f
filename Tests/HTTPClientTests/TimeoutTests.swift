import Glibc
import HTTPClient
import Synchronization
import TestSupport
import Testing

@Suite("Timeouts", .timeLimit(.minutes(1)))
struct TimeoutTests {
    let client = HTTPClient()

    @Test("no first byte is a timeout, and the connection is retired")
    func firstByte() async throws {
        let ends = Events<ConnectionEnd>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond("200 OK", body: "\(connection.number)")
            _ = try connection.readRequest()
            guard connection.number == 0 else { return }
            ends.post(connection.waitForEnd())
        }
        var request = HTTPRequest(method: "GET", url: server.url)
        #expect(try await client.send(request).get().text == "0")
        request.firstByteTimeout = .milliseconds(50)
        #expect(await client.send(request).failure?.kind == .timeout)
        #expect(try #require(await ends.next()) != .silent)
        request.firstByteTimeout = .seconds(40)
        #expect(try await client.send(request).get().text == "1")
    }

    @Test("what was open when a request got no answer is not used again")
    func suspects() async throws {
        let arrived = Atomic(0)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            arrived.add(1, ordering: .relaxed)
            // Two at once, so that two connections are kept; both fall silent then.
            while arrived.load(ordering: .relaxed) < 2 { sched_yield() }
            try connection.respond("200 OK", body: "\(connection.number)")
            if connection.number < 2 { throw connection.waitForEnd() }
        }
        let patient = HTTPRequest(method: "GET", url: server.url, firstByteTimeout: .seconds(10))
        var request = patient
        request.firstByteTimeout = .milliseconds(50)
        async let first = client.send(patient)
        async let second = client.send(patient)
        #expect(try await [first.get().text, second.get().text].sorted() == ["0", "1"])
        #expect(await client.send(request).failure?.kind == .timeout)
        #expect(try await client.send(patient).get().text == "2")
    }

    @Test(
        "silence after the first byte is idle, in the head and in the body",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "HTTP/1.1 200 OK\r\n\r\nuntil the end",
        ])
    func idle(beginning: String) async throws {
        let ends = Events<ConnectionEnd>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(beginning)
            ends.post(connection.waitForEnd())
        }
        let request = HTTPRequest(method: "GET", url: server.url, idleTimeout: .milliseconds(100))
        #expect(await client.send(request).failure?.kind == .idle)
        #expect(try #require(await ends.next()) != .silent)
    }

    @Test("a stream that falls silent ends as idle, after what it brought")
    func idleStream() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nsomething\r\n")
            _ = connection.waitForEnd()
        }
        let request = HTTPRequest(
            method: "GET", url: server.url, idleTimeout: .milliseconds(100), ownConnection: true)
        let stream = try await client.stream(request).get()
        #expect(await stream.next() == .success(Array("something".utf8)))
        #expect(await stream.next()?.failure?.kind == .idle)
        #expect(await stream.next()?.failure?.kind == .idle)
    }

    @Test("a stream that never ends is ended when its time is over")
    func endless() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true { try connection.write("1\r\nx\r\n") }
        }
        let request = HTTPRequest(method: "GET", url: server.url, ownConnection: true)
        let stream = try await client.stream(request, within: ResponseLimits(total: .milliseconds(100))).get()
        var end = await stream.next()
        while case .success? = end { end = await stream.next() }
        #expect(end?.failure?.kind == .idle)
    }

    @Test("a server that accepts and then says nothing of TLS is a timeout of the connect phase")
    func handshake() async throws {
        let server = try ScriptedServer { connection in _ = connection.waitForEnd() }
        let url = "https://127.0.0.1:\(server.port)/"
        let request = HTTPRequest(method: "GET", url: url, connectTimeout: .milliseconds(100))
        #expect(await client.send(request).failure?.kind == .timeout)
    }
}
