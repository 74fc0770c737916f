import HTTPServer
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServingTests {
    private static let routes = [
        Route("GET", "/hello") { _ in .text(200, "hello") },
        Route("GET", "/long", gzip: true) { _ in .text(200, String(repeating: "abc ", count: 1000)) },
        Route("GET", "/short", gzip: true) { _ in .text(200, "short") },
        Route("GET", "/chosen", gzip: true) { _ in HTTPServerResponse(status: 200, headers: [("Vary", "Accept")]) },
        Route("POST", "/echo", bodyLimit: 100) { request in
            .json(201, request.body)
        },
        Route("DELETE", "/echo") { _ in .text(202, "gone") },
        Route("GET", "/ask") { request in
            let query = request.query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            return .text(200, "\(query.joined(separator: ",")) \(request.header("X-Test") ?? "-") \(request.peer)")
        },
        Route("GET", "/broken") { _ in
            HTTPServerResponse(status: 200, headers: [("X-Broken", "a\r\nSet-Cookie: b")])
        },
    ]

    @Test("a route answers GET with its body, and nobody may sniff or store it")
    func get() async throws {
        try await withServer(Self.routes) { port, _ in
            let response = try await RawClient.get(from: port, "/hello")
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response.headers["x-content-type-options"] == "nosniff")
            #expect(response.headers["cache-control"] == "no-store")
            #expect(response.headers["content-type"] == "text/plain; charset=utf-8")
            #expect(response.headers["vary"] == nil)
        }
    }

    @Test("a GET route answers HEAD with its length and without its body")
    func head() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.request("HEAD", "/hello")
            let response = try await client.response(to: "HEAD")
            #expect(response.status == 200)
            #expect(response.headers["content-length"] == "5")
            #expect(try await client.get("/hello").text == "hello")
        }
    }

    static let refusals: [(method: String, target: String, status: Int, error: String)] = [
        ("GET", "/nowhere", 404, "no route for /nowhere"),
        ("GET", "//hello", 404, "no route for //hello"),
        ("GET", "/../hello", 404, "no route for /../hello"),
        ("GET", "/%2e%2e/hello", 404, "no route for /../hello"),
        ("GET", "/hello/", 404, "no route for /hello/"),
        ("GET", "/hello%00", 400, "the path has a NUL"),
        ("GET", "/%zz", 400, "the path has a % without two hexadecimal digits"),
        ("GET", "/%22%0a", 404, #"no route for /\"\u000a"#),
        ("OPTIONS", "*", 400, "the path does not begin with a slash"),
        ("PUT", "/hello", 405, "method PUT is not allowed for /hello: GET, HEAD"),
        ("GET", "/echo", 405, "method GET is not allowed for /echo: POST, DELETE"),
        ("HEAD2", "/hello", 405, "method HEAD2 is not allowed for /hello: GET, HEAD"),
    ]

    @Test("a request nobody answers is refused with JSON that says why", arguments: refusals)
    func refuses(method: String, target: String, status: Int, error: String) async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.request(method, target)
            let response = try await client.response()
            #expect(response.status == status)
            #expect(response.text == "{\"error\":\"\(error)\"}\n")
            #expect(response.headers["content-type"] == "application/json")
            #expect(response.headers["allow"] == (status == 405 ? String(error.split(separator: ": ")[1]) : nil))
            #expect(try await client.get("/hello").status == 200, "the connection goes on")
        }
    }

    @Test("an absolute URI is understood")
    func absoluteURI() async throws {
        try await withServer(Self.routes) { port, _ in
            let response = try await RawClient.get(from: port, "http://any.host:1/hello?x=1")
            #expect(response.text == "hello")
        }
    }

    @Test("the handler sees query, headers in any case and the client's address")
    func request() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port, from: "127.0.0.2")
            let response = try await client.get("/ask?b=2%203&a=1+1", ["x-TEST: one", "X-Test: two"])
            #expect(response.text == "a=1 1,b=2 3 one, two tcp(address: \"127.0.0.2\")")
        }
    }

    @Test("a body comes with a length or in chunks")
    func bodies() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.request("POST", "/echo", body: "{\"a\":1}")
            #expect(try await client.response().text == "{\"a\":1}")
            try client.request("POST", "/echo", ["Transfer-Encoding: chunked"])
            try client.send("3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\n\r\n")
            #expect(try await client.response().text == "abcde")
            try client.request("POST", "/echo", body: "")
            #expect(try await client.response().status == 201)
        }
    }

    @Test("a body beyond the route's limit is refused, announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            let body = String(repeating: "x", count: 101)
            if isAnnounced {
                try client.request("POST", "/echo", body: body)
            } else {
                try client.request("POST", "/echo", ["Transfer-Encoding: chunked"])
                try client.send("65\r\n\(body)\r\n0\r\n\r\n")
            }
            let response = try await client.response()
            #expect(response.status == 413)
            #expect(response.text.contains("/echo is larger than 100 bytes"))
            try client.request("POST", "/echo", body: String(body.dropLast()))
            #expect(try await client.response().status == 201, "the connection goes on")
        }
    }

    @Test("a body announced as huge is refused before it is sent", arguments: ["2000000", "99999999999999999999"])
    func huge(length: String) async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.request("POST", "/echo", ["Content-Length: \(length)", "Expect: 100-continue"])
            #expect(try await client.response().status == 413)
        }
    }

    @Test("garbage gets a 400 and the end of the connection, and the next client is served")
    func garbage() async throws {
        try await withServer(Self.routes) { port, _ in
            let texts = [
                "\u{1}\u{2}\u{3}\r\n\r\n", "GET /hello HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\nHost: x\r\n\r\n",
            ]
            for text in texts {
                let client = try RawClient(port: port)
                try client.send(text)
                let answer = String(decoding: try await client.receiveAll(), as: UTF8.self)
                #expect(answer.hasPrefix("HTTP/1.1 400") || answer.hasPrefix("HTTP/1.1 505") || answer.isEmpty)
            }
            #expect(try await RawClient.get(from: port, "/hello").status == 200)
        }
    }

    @Test("headers beyond the connection's memory are refused, and the next client is served")
    func hugeHeaders() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.send("GET /hello HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n")
            let answer = String(decoding: try await client.receiveAll(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 431") || answer.hasPrefix("HTTP/1.1 413") || answer.isEmpty)
            #expect(try await RawClient.get(from: port, "/hello").status == 200)
        }
    }

    @Test("a connection serves many requests, also sent before their answers")
    func pipelining() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            for _ in 0..<20 {
                try client.request("GET", "/hello")
                try client.request("POST", "/echo", body: "x")
            }
            for _ in 0..<20 {
                #expect(try await client.response().text == "hello")
                #expect(try await client.response().text == "x")
            }
        }
    }

    @Test("Connection: close and HTTP/1.0 end the connection after the answer")
    func closes() async throws {
        try await withServer(Self.routes) { port, _ in
            for head in ["GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close", "GET /hello HTTP/1.0"] {
                let client = try RawClient(port: port)
                try client.send(head + "\r\n\r\n")
                #expect(try await client.response().text == "hello")
                #expect(try await client.receiveAll().isEmpty)
            }
        }
    }

    @Test("a long body is compressed for a client that takes gzip, and says that it varies")
    func gzip() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            let plain = try await client.get("/long")
            #expect(plain.headers["content-encoding"] == nil)
            #expect(plain.headers["vary"] == "Accept-Encoding")
            let compressed = try await client.get("/long", ["Accept-Encoding: br;q=0.9, gzip;q=0.5"])
            #expect(compressed.headers["content-encoding"] == "gzip")
            #expect(compressed.headers["vary"] == "Accept-Encoding")
            #expect(gunzip(compressed.body) == plain.body)
            #expect(compressed.body.count < plain.body.count)
            #expect(try await client.get("/long", ["Accept-Encoding: gzip;q=0"]).body == plain.body)
            #expect(try await client.get("/short", ["Accept-Encoding: gzip"]).text == "short")
            #expect(try await client.get("/chosen").headers["vary"] == "Accept, Accept-Encoding")
            #expect(try await client.get("/hello", ["Accept-Encoding: gzip"]).headers["content-encoding"] == nil)
        }
    }

    @Test("a header with a line break never reaches the client")
    func headerInjection() async throws {
        try await withServer(Self.routes) { port, _ in
            let client = try RawClient(port: port)
            try client.request("GET", "/broken")
            #expect(!String(decoding: try await client.receiveAll(), as: UTF8.self).contains("Set-Cookie"))
            #expect(try await RawClient.get(from: port, "/hello").status == 200)
        }
    }

    @Test("the fallback answers what no route has, also with methods of its own")
    func fallback() async throws {
        let fallback: RequestHandler = { .text(200, "\($0.method) \($0.path) \($0.body.count)") }
        try await withServer(Self.routes, fallback: fallback) { port, _ in
            let client = try RawClient(port: port)
            try client.request("PATCH", "/api/v1/nodes/a", body: String(repeating: "x", count: 100_000))
            #expect(try await client.response().text == "PATCH /api/v1/nodes/a 100000")
            #expect(try await client.get("/hello").text == "hello")
            try client.request("PUT", "/hello")
            #expect(try await client.response().status == 405)
        }
    }
}
