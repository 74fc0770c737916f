import HTTPClient
import TestSupport
import Testing

@Suite("Streams", .timeLimit(.minutes(1)))
struct StreamTests {
    let client = HTTPClient()

    @Test("the head and each chunk arrive while the server still has more to say")
    func incremental() async throws {
        let permits = Permits()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 206 Some\r\nAudit-Id: a1\r\nTransfer-Encoding: chunked\r\n\r\n")
            for word in ["one", "two", ""] {
                permits.wait()
                try connection.writeChunk(word)
            }
        }
        let stream = try await client.stream(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(stream.status == 206 && stream.headers["audit-id"] == "a1")
        for word in ["one", "two"] {
            permits.post()
            #expect(await stream.next() == .success(Array(word.utf8)))
        }
        permits.post()
        #expect(await stream.next() == nil)
    }

    @Test("a body that is cut fails after the bytes that came")
    func cut() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        }
        let stream = try await client.stream(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(await stream.next() == .success(Array("half".utf8)))
        #expect(await stream.next()?.failure?.kind == .reset)
        #expect(await stream.next()?.failure?.kind == .reset)
    }

    @Test("a slow reader holds the server back, and still gets every byte")
    func backPressure() async throws {
        let size = 64 << 20
        let taken = Events<Int>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let count = try connection.writeUntilHeldBack(limit: size)
            taken.post(count)
            try connection.write([UInt8](repeating: 1, count: size - count))
        }
        let stream = try await client.stream(HTTPRequest(method: "GET", url: server.url)).get()
        // What the two kernels buffer comes on top of our 256 KiB.
        let count = try #require(await taken.next())
        #expect(count < size / 4)
        var (total, largest) = (0, 0)
        while let chunk = await stream.next() {
            let bytes = try chunk.get()
            total += bytes.count
            largest = max(largest, bytes.count)
        }
        #expect(total == size)
        #expect(largest <= 256 << 10)
    }

    @Test("a slow reader is not taken for a silent server")
    func lag() async throws {
        let written = Events<Void>()
        let server = try ScriptedServer { connection in
            // Enough to pause the transfer, little enough for the kernel to hold what we do not read.
            let size = try connection.readRequest().target == "/silent" ? 0 : 1 << 20
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(max(size, 1))\r\n\r\n")
            try connection.write([UInt8](repeating: 1, count: size))
            written.post(())
            _ = connection.waitForEnd()
        }
        var request = HTTPRequest(method: "GET", url: server.url + "/lagging", idleTimeout: .milliseconds(100))
        let stream = try await client.stream(request).get()
        await written.next()
        // The other stream's idle time lies wholly within the lag of this one.
        (request.url, request.idleTimeout) = (server.url + "/silent", .milliseconds(300))
        let silence = await client.send(request).failure
        #expect(silence?.kind == .idle, "\(String(describing: silence))")
        #expect(await stream.readAll().map(\.count) == .success(1 << 20))
    }

    @Test("a complete stream returns its connection to the pool")
    func reuse() async throws {
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond("200 OK", body: "\(connection.number)")
            }
        }
        for _ in 0..<3 {
            let stream = try await client.stream(HTTPRequest(method: "GET", url: server.url)).get()
            #expect(await stream.readAll() == .success(Array("0".utf8)))
            #expect(await stream.next() == nil)
        }
    }

    @Test("an empty body is complete at once")
    func empty() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond("200 OK")
        }
        let stream = try await client.stream(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(await stream.next() == nil)
    }
}
