import HTTPServer
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HostileInputTests {
    /// Numbers that are the same in every run (xorshift).
    private struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    private static let seeds = [
        "GET /hello?a=1&b=%20 HTTP/1.1\r\nHost: x\r\nAccept: text/plain;q=0.5, */*\r\nAccept-Encoding: gzip;q=0.1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde",
    ]

    @Test("whatever bytes come, the next client is served", arguments: 1...8 as ClosedRange<UInt64>)
    func mutations(seed: UInt64) async throws {
        let routes = [
            Route("GET", "/hello", gzip: true) { _ in .text(200, "hello") },
            Route("POST", "/echo") { .json(200, $0.body) },
        ]
        try await withServer(routes) { port, _ in
            var random = Seeded(state: seed)
            for _ in 0..<50 {
                var bytes = Array(Self.seeds.randomElement(using: &random)!.utf8)
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let place = Int.random(in: bytes.indices, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.insert(contentsOf: bytes[place...].prefix(9), at: place)
                    case 2: bytes.removeSubrange(place..<min(place + 3, bytes.count - 1))
                    default: bytes.insert(contentsOf: Array("\r\n%00\"".utf8), at: place)
                    }
                }
                let client = try RawClient(port: port)
                try client.send(bytes)
                client.finishSending()
                _ = try await client.receiveAll()
            }
            #expect(try await RawClient.get(from: port, "/hello").text == "hello")
        }
    }
}
