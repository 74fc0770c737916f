import FoundationEssentials
import HTTPClient
import TestSupport
import Testing

@Suite("A request and its response", .timeLimit(.minutes(1)))
struct RoundTripTests {
    let client = HTTPClient()

    @Test(
        "the method, body and body's length arrive as given",
        arguments: [
            ("GET", nil, nil), ("DELETE", nil, nil), ("DELETE", "{}", "2"), ("POST", "hello", "5"),
            ("PATCH", #"{"spec":{}}"#, "11"), ("PUT", "", "0"), ("POST", nil, "0"),
        ] as [(String, String?, String?)])
    func methods(method: String, body: String?, length: String?) async throws {
        let requests = Events<ServerRequest>()
        let server = try ScriptedServer { connection in
            requests.post(try connection.readRequest())
            try connection.respond("200 OK", body: "done")
        }
        let request = HTTPRequest(method: method, url: server.url + "/a?b=c", body: body.map { Array($0.utf8) })
        let response = try await client.send(request).get()
        let seen = try #require(await requests.next())
        #expect(response.text == "done")
        #expect(seen.method == method && seen.target == "/a?b=c")
        #expect(seen.headers["content-length"] == length)
        #expect(seen.body == Array((body ?? "").utf8))
    }

    @Test("headers arrive as given, and libcurl adds none of its own to a body")
    func headers() async throws {
        let requests = Events<ServerRequest>()
        let server = try ScriptedServer { connection in
            requests.post(try connection.readRequest())
            try connection.respond("200 OK")
        }
        let headers = [("Accept", "application/json"), ("Authorization", "Bearer t0ken"), ("X-Empty", "")]
        // Large enough for libcurl to want a 100 Continue.
        let body = [UInt8](repeating: 7, count: 2 << 20)
        let request = HTTPRequest(method: "POST", url: server.url, headers: headers, body: body)
        #expect(try await client.send(request).get().status == 200)
        let seen = try #require(await requests.next())
        let expected = [
            "accept": "application/json", "authorization": "Bearer t0ken", "x-empty": "",
            "host": "127.0.0.1:\(server.port)", "content-length": "\(body.count)",
        ]
        #expect(seen.headers == expected)
        #expect(seen.body == body)
    }

    @Test("a HEAD request ends with the head, whatever length that announces")
    func head() async throws {
        let server = try ScriptedServer { connection in
            #expect(try connection.readRequest().method == "HEAD")
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            _ = connection.waitForEnd()
        }
        let response = try await client.send(HTTPRequest(method: "HEAD", url: server.url)).get()
        #expect(response.status == 200 && response.headers["content-length"] == "1000" && response.body.isEmpty)
    }

    @Test("a chunked body is decoded, its trailers are no headers")
    func chunked() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            try connection.writeChunk("one ")
            try connection.writeChunk("two")
            try connection.write("0\r\nX-Trailer: late\r\n\r\n")
        }
        let response = try await client.send(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(response.text == "one two")
        #expect(response.headers["X-Trailer"] == nil)
    }

    @Test("an interim response is passed over")
    func interim() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
            try connection.respond("201 Created", headers: ["Retry-After: 5"], body: "x")
        }
        let response = try await client.send(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(response.status == 201 && response.text == "x")
        #expect(response.headers["link"] == nil && response.headers["retry-after"] == "5")
    }

    @Test("every status is an answer, and redirects are not followed", arguments: [204, 301, 307, 404, 429, 500, 503])
    func statuses(status: Int) async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 \(status) Status\r\nLocation: http://127.0.0.1:1/\r\n")
            try connection.write(status == 204 ? "\r\n" : "Content-Length: 0\r\n\r\n")
        }
        let response = try await client.send(HTTPRequest(method: "GET", url: server.url)).get()
        #expect(response.status == status)
        #expect(response.headers["location"] == "http://127.0.0.1:1/")
        #expect(server.acceptedCount == 1)
    }

    @Test("compression is not asked for, and what is sent encoded anyway arrives as sent")
    func encoding() async throws {
        let server = try ScriptedServer { connection in
            #expect(try connection.readRequest().headers["accept-encoding"] == nil)
            try connection.respond("200 OK", headers: ["Content-Encoding: gzip"], body: "not gzip at all")
        }
        #expect(try await client.send(HTTPRequest(method: "GET", url: server.url)).get().text == "not gzip at all")
    }

    @Test("an IPv6 address in the URL is connected to")
    func ipv6() async throws {
        let server = try ScriptedServer(on: .ipv6) { connection in
            try connection.respond("200 OK", body: try connection.readRequest().headers["host"] ?? "")
        }
        let response = try await client.send(HTTPRequest(method: "GET", url: server.url + "/")).get()
        #expect(response.text == "[::1]:\(server.port)")
    }

    @Test("a Unix socket stands in for the host and port")
    func unixSocket() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).sock").path
        let server = try ScriptedServer(on: .unix(path)) { connection in
            try connection.respond("200 OK", body: try connection.readRequest().headers["host"] ?? "")
        }
        let response = try await client.send(HTTPRequest(method: "GET", url: server.url, unixSocket: path)).get()
        #expect(response.text == "localhost")
        try FileManager.default.removeItem(atPath: path)
    }

    @Test(
        "what would break out of its place in the request is refused, and its value not repeated",
        arguments: [
            HTTPRequest(
                method: "GET", url: "http://127.0.0.1:1/", headers: [("Authorization", "Bearer s3cret\r\nX: y")]),
            HTTPRequest(method: "GET", url: "http://127.0.0.1:1/", headers: [("X: s3cret", "y")]),
            HTTPRequest(method: "GET / HTTP/1.1\r\ns3cret", url: "http://127.0.0.1:1/"),
            HTTPRequest(method: "GET", url: "http://127.0.0.1:1/\0s3cret"),
            HTTPRequest(method: "GET", url: "http://127.0.0.1:1/\r\ns3cret"),
            HTTPRequest(method: "GET", url: "file:///etc/s3cret"),
            HTTPRequest(method: "GET", url: "http://[::1/s3cret"),
            HTTPRequest(method: "GET", url: ""),
        ])
    func refusals(request: HTTPRequest) async throws {
        let failure = try #require(await client.send(request).failure)
        #expect(failure.kind == .malformed)
        #expect(!failure.message.isEmpty && !failure.message.contains("s3cret"))
    }
}
