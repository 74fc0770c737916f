import HTTPClient
import TestSupport
import Testing

@Suite("Broken responses and servers", .timeLimit(.minutes(1)))
struct BrokenResponseTests {
    let client = HTTPClient()

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: String
        var byReset = false
        var kind: HTTPFailure.Kind
    }

    static let cases = [
        Case(testDescription: "an empty reply", bytes: "", kind: .reset),
        Case(testDescription: "a reset before the head", bytes: "", byReset: true, kind: .reset),
        Case(testDescription: "a reset in the head", bytes: "HTTP/1.1 200 OK\r\nX: ", byReset: true, kind: .reset),
        Case(testDescription: "a close in the head", bytes: "HTTP/1.1 200 OK\r\nX: ", kind: .reset),
        Case(
            testDescription: "a reset in the body", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
            byReset: true, kind: .reset),
        Case(
            testDescription: "a body shorter than announced",
            bytes: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", kind: .reset),
        Case(
            testDescription: "a chunked body without its last chunk",
            bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", kind: .reset),
        Case(
            testDescription: "a chunk whose size is no number",
            bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhalf\r\n", kind: .malformed),
        Case(testDescription: "not HTTP", bytes: "SSH-2.0-OpenSSH_9.2p1\r\n", kind: .malformed),
        Case(testDescription: "a status that is no number", bytes: "HTTP/1.1 abc\r\n\r\n", kind: .malformed),
        Case(
            testDescription: "a length that is no number",
            bytes: "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", kind: .malformed),
        Case(
            testDescription: "a header line without an end",
            bytes: "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 300_000), kind: .malformed),
        Case(
            testDescription: "headers without an end",
            bytes: "HTTP/1.1 200 OK\r\n" + String(repeating: "X: yyyyyyyyyyyyyyyyyyyyy\r\n", count: 10_000),
            kind: .malformed),
        Case(
            testDescription: "interim responses without an end",
            bytes: String(repeating: "HTTP/1.1 103 Early Hints\r\nX: yyyyyyyyyyyyyy\r\n\r\n", count: 10_000),
            kind: .malformed),
    ]

    @Test("are told apart", arguments: cases)
    func broken(broken: Case) async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(broken.bytes)
            if broken.byReset { connection.reset() }
        }
        let result = await client.send(HTTPRequest(method: "GET", url: server.url))
        #expect(result.failure?.kind == broken.kind, "\(result)")
        #expect(result.failure?.message.isEmpty == false)
    }

    @Test("a body may have the limit's size and not a byte more", arguments: [1_000, 1_001])
    func bodyLimit(size: Int) async throws {
        let ends = Events<ConnectionEnd>()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond("200 OK", body: String(repeating: "x", count: size))
            ends.post(connection.waitForEnd())
        }
        let result = await client.send(HTTPRequest(method: "GET", url: server.url), bodyLimit: 1_000)
        guard size > 1_000 else { return #expect(try result.get().body.count == 1_000) }
        #expect(result.failure?.kind == .malformed)
        #expect(await ends.next() != .silent)
    }

    @Test("a refused connection is a failure to connect")
    func refused() async throws {
        let url = "http://127.0.0.1:\(try ScriptedServer.unusedPort())/"
        #expect(await client.send(HTTPRequest(method: "GET", url: url)).failure?.kind == .connect)
        #expect(await client.stream(HTTPRequest(method: "GET", url: url)).failure?.kind == .connect)
    }

    @Test("a name that does not exist is a failure of name resolution")
    func unknownName() async throws {
        let request = HTTPRequest(method: "GET", url: "http://api-server.invalid/")
        #expect(await client.send(request).failure?.kind == .nameResolution)
    }
}
