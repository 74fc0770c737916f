import Testing

@testable import HTTPServer

@Suite(.timeLimit(.minutes(1)))
struct RequestFramingTests {
    @Test(
        "what says in one way where the body ends is read",
        arguments: [
            ([], nil), ([("Content-Length", "5")], 5), ([("Transfer-Encoding", "Chunked")], nil),
            ([("content-length", "99999999999999999999")], Int.max),
        ] as [([(String, String)], Int?)])
    func clear(headers: [(String, String)], length: Int?) {
        let framing = RequestFraming(headers)
        #expect(framing.problem == nil)
        #expect(framing.announcedLength == length)
    }

    private static let ambiguous = [
        "Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 50", "Content-Length: 4\r\ncontent-length: 4",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding: xchunked",
        "Content-Length : 4", "Content-Length\t: 4", "Transfer-Encoding : chunked",
        "Transfer-Encoding : chunked\r\nContent-Length: 4", "Content-Length:\r\n 4", "Content-Length: +4",
        "Transfer-Encoding:\r\n chunked", "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4",
        "Transfer-Encoding: chunked\r\n , identity", "X: y\r\n Content-Length: 4", "X: y\rContent-Length: 4",
        "Content-Length: 4, 4", "Content-Length:", "Host: y", "Host : y",
    ]

    @Test("what can be read in two ways is refused, and what comes behind it is no request", arguments: ambiguous)
    func refused(lines: String) async throws {
        let routes = [
            Route("POST", "/") { .text(200, "\($0.body.count)") }, Route("GET", "/") { _ in .text(200, "smuggled") },
        ]
        try await withServer(routes) { port, _ in
            let client = try RawClient(port: port)
            try client.send("POST / HTTP/1.1\r\nHost: x\r\n\(lines)\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            let everything = String(decoding: try await client.receiveAll(), as: UTF8.self)
            #expect(everything.hasPrefix("HTTP/1.1 400 "))
            #expect(!everything.contains("smuggled"))
        }
    }
}
