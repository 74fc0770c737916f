import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1)))
struct ResponseStreamTests {
    private let stream = ResponseStream()
    private let closed = Happening<Void>()

    private var route: Route {
        stream.onClose = { [closed] in closed.happened(()) }
        return Route("GET", "/events") { [stream] _ in
            HTTPServerResponse(status: 200, headers: [("Content-Type", "text/event-stream")], body: .stream(stream))
        }
    }

    /// Reads until `text` has come.
    private func read(_ client: RawClient, until text: String) async throws -> String {
        var all = ""
        while !all.contains(text) {
            let bytes = try await client.receive()
            guard !bytes.isEmpty else { throw RawClient.Failure(what: "ended after \(all)") }
            all += String(decoding: bytes, as: UTF8.self)
        }
        return all
    }

    @Test("each push arrives before the next is made, and finish ends the response and not the connection")
    func pushes() async throws {
        try await withServer([route, Route("GET", "/") { _ in .text(200, "next") }]) { port, _ in
            let client = try RawClient(port: port)
            #expect(stream.push(Array("data: before\n\n".utf8)))
            try client.request("GET", "/events")
            let head = try await read(client, until: "data: before\n\n")
            #expect(head.contains("Content-Type: text/event-stream"))
            for number in 0..<20 {
                #expect(stream.push(Array("data: \(number)\n\n".utf8)))
                _ = try await read(client, until: "data: \(number)\n\n")
            }
            stream.finish()
            _ = try await read(client, until: "0\r\n\r\n")
            await closed.next()
            #expect(!stream.push([1]))
            #expect(try await client.get("/").text == "next")
        }
    }

    @Test("pushes from many tasks at once all arrive")
    func manyPushers() async throws {
        try await withServer([route]) { port, _ in
            let client = try RawClient(port: port)
            try client.request("GET", "/events")
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask { [stream] in
                        for _ in 0..<100 { stream.push(Array(repeating: 0x61, count: 100)) }
                    }
                }
            }
            stream.finish()
            #expect(try await client.response().body.count == 80_000)
        }
    }

    @Test("a client that departs closes the stream")
    func departure() async throws {
        try await withServer([route]) { port, _ in
            let client = try RawClient(port: port)
            try client.request("GET", "/events")
            #expect(stream.push(Array("hello".utf8)))
            _ = try await read(client, until: "hello")
            client.finishSending()
            await closed.next()
            #expect(!stream.push([1]))
        }
    }

    /// MHD looks after what it has closed itself only where no older connection is idle.
    @Test("clients that leave their streams leave no connection behind, though an older one stays")
    func departures() async throws {
        let streams = Happening<ResponseStream>()
        let route = Route("GET", "/events") { _ in
            let stream = ResponseStream()
            stream.onClose = { closed.happened(()) }
            streams.happened(stream)
            return HTTPServerResponse(status: 200, body: .stream(stream))
        }
        try await withServer([route, Route("GET", "/") { _ in .text(200, "ok") }]) { port, _ in
            let older = try RawClient(port: port)
            _ = try await older.get("/")
            // One address may have 64 connections.
            for _ in 0..<100 {
                let client = try RawClient(port: port)
                try client.request("GET", "/events")
                await streams.next()?.push(Array("hello".utf8))
                _ = try await read(client, until: "hello")
                client.leave()
                await closed.next()
            }
            #expect(try await older.get("/").text == "ok")
            #expect(try await RawClient.get(from: port, "/").text == "ok")
        }
    }

    @Test("a client that never reads is cut off when its queue is full")
    func neverReads() async throws {
        try await withServer([route]) { port, _ in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            try client.request("GET", "/events")
            let piece = [UInt8](repeating: 0x61, count: 8192)
            var pushed = 0
            while stream.push(piece) { pushed += piece.count }
            #expect(pushed >= 128 << 10)
            await closed.next()
            #expect(!stream.push([1]))
        }
    }

    @Test("a client that stops reading is cut off though its queue is short")
    func stops() async throws {
        var limits = HTTPServerLimits.quick
        limits.responseStallTime = .milliseconds(200)
        try await withServer([route], limits: limits) { port, _ in
            let client = try RawClient(port: port, receiveBuffer: 4096)
            try client.request("GET", "/events")
            #expect(stream.push([UInt8](repeating: 0x61, count: 100_000)))
            await closed.next()
            #expect(!stream.push([1]))
        }
    }

    @Test("a quiet stream gets a heartbeat after 15 s, one that was pushed to does not")
    func heartbeat() async throws {
        let stream = ResponseStream(heartbeat: Array(": beat\n\n".utf8))
        let route = Route("GET", "/") { _ in HTTPServerResponse(status: 200, body: .stream(stream)) }
        try await withServer([route]) { port, _ in
            let client = try RawClient(port: port)
            try client.request("GET", "/")
            #expect(stream.push(Array("one".utf8)))
            stream.beat(at: .now + .seconds(14))
            #expect(stream.push(Array("two".utf8)))
            stream.beat(at: .now + .seconds(16))
            stream.finish()
            let everything = try await read(client, until: "0\r\n\r\n")
            #expect(everything.split(separator: ": beat").count == 2)
            #expect(everything.contains("two"))
        }
    }

    @Test("HEAD on a stream sends no body and closes the stream")
    func head() async throws {
        try await withServer([route]) { port, _ in
            let client = try RawClient(port: port)
            try client.request("HEAD", "/events")
            #expect(try await client.response(to: "HEAD").status == 200)
            await closed.next()
            // Not a byte more than the head, or the next answer would begin with it.
            try client.request("HEAD", "/events", ["Connection: close"])
            let rest = String(decoding: try await client.receiveAll(), as: UTF8.self)
            #expect(rest.hasPrefix("HTTP/1.1 200 ") && rest.hasSuffix("\r\n\r\n"))
            #expect(rest.split(separator: "\r\n\r\n").count == 1)
        }
    }

    @Test("there are only so many streams; the next one is refused, and welcome when another has ended")
    func limit() async throws {
        var limits = HTTPServerLimits.quick
        limits.streams = 3
        let (begun, ended) = (Happening<ResponseStream>(), Happening<Void>())
        let route = Route("GET", "/events") { _ in
            let stream = ResponseStream()
            stream.onClose = { ended.happened(()) }
            begun.happened(stream)
            return HTTPServerResponse(status: 200, body: .stream(stream))
        }
        try await withServer([route, Route("GET", "/") { _ in .text(200, "ok") }], limits: limits) { port, _ in
            var clients: [RawClient] = []
            for _ in 0..<3 {
                let client = try RawClient(port: port)
                try client.request("GET", "/events")
                let stream = try #require(await begun.next())
                #expect(stream.push(Array("hello".utf8)))
                _ = try await read(client, until: "hello")
                clients.append(client)
            }
            let late = try RawClient(port: port)
            let refused = try await late.get("/events")
            #expect(refused.status == 503)
            #expect(refused.headers["retry-after"] != nil)
            await ended.next()
            #expect(try await late.get("/").text == "ok")
            clients.removeFirst().finishSending()
            await ended.next()
            _ = await begun.next()
            try late.request("GET", "/events")
            let stream = try #require(await begun.next())
            #expect(stream.push(Array("welcome".utf8)))
            _ = try await read(late, until: "welcome")
        }
    }

    @Test("one address has fewer streams than all, and a Unix socket has its own")
    func limitOfAnAddress() async throws {
        var limits = HTTPServerLimits.quick
        limits.streams = 3
        limits.streamsPerAddress = 2
        let route = Route("GET", "/events") { _ in
            let stream = ResponseStream()
            stream.push(Array("hello".utf8))
            return HTTPServerResponse(status: 200, body: .stream(stream))
        }
        let path = "/tmp/streams-\(UInt64.random(in: .min ... .max))"
        try await withServer([route], limits: limits) { port, server in
            _ = try server.start(.unix(path: path))
            var clients: [RawClient] = []
            func follow(_ client: RawClient, _ answer: String) async throws {
                try client.request("GET", "/events")
                _ = try await read(client, until: answer)
                clients.append(client)
            }
            for _ in 0..<2 { try await follow(RawClient(port: port, from: "127.0.0.2"), "hello") }
            try await follow(RawClient(port: port, from: "127.0.0.2"), "2 clients of this address follow already")
            try await follow(RawClient(port: port, from: "127.0.0.3"), "hello")
            try await follow(RawClient(port: port, from: "127.0.0.4"), "3 clients follow already")
            for _ in 0..<3 { try await follow(RawClient(path: path), "hello") }
            try await follow(RawClient(path: path), "3 clients follow already")
        }
    }

    @Test("onClose set too late is called at once")
    func lateOnClose() async throws {
        try await withServer([route]) { port, _ in
            stream.finish()
            let response = try await RawClient.get(from: port, "/events")
            #expect(response.body.isEmpty)
            await closed.next()
            let late = Happening<Void>()
            stream.onClose = { late.happened(()) }
            await late.next()
        }
    }
}
