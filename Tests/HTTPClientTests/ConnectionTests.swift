import Glibc
import HTTPClient
import Locking
import TestSupport
import Testing

@Suite("Connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
    let client = HTTPClient()

    /// Answers every request with the connection's number.
    private static func counting() throws -> ScriptedServer {
        try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                try connection.respond("200 OK", body: "\(connection.number)")
            }
        }
    }

    @Test("requests one after another share a connection")
    func keepAlive() async throws {
        let server = try Self.counting()
        for _ in 0..<20 {
            let response = try await client.send(HTTPRequest(method: "POST", url: server.url, body: [1])).get()
            #expect(response.text == "0")
        }
        #expect(server.acceptedCount == 1)
    }

    @Test("a connection of one's own is neither taken from the pool nor left there")
    func ownConnection() async throws {
        let server = try Self.counting()
        let pooled = HTTPRequest(method: "GET", url: server.url)
        var own = pooled
        own.ownConnection = true
        var numbers: [String] = []
        for request in [own, pooled, own, pooled, own] {
            numbers.append(try await client.send(request).get().text)
        }
        #expect(numbers == ["0", "1", "2", "1", "3"])
    }

    @Test("connections of their own do not push idle ones out of the pool")
    func watchesLeaveThePool() async throws {
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                guard request.target == "/watch" else {
                    try connection.respond("200 OK", body: "\(connection.number)")
                    continue
                }
                try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                throw connection.waitForEnd()
            }
        }
        let small = HTTPClient(maxConnections: 1)
        var watches: [HTTPStream] = []
        for _ in 0..<4 {
            let watch = HTTPRequest(method: "GET", url: server.url + "/watch", ownConnection: true)
            watches.append(try await small.stream(watch).get())
        }
        for _ in 0..<3 {
            #expect(try await small.send(HTTPRequest(method: "GET", url: server.url)).get().text == "4")
        }
        #expect(watches.count == 4)
    }

    @Test("a hundred requests in flight need a hundred connections, wave after wave")
    func waves() async throws {
        let waiting = Lock<[ServerConnection]>([])
        // The last one's arrival answers all.
        let server = try ScriptedServer { connection in
            while true {
                _ = try connection.readRequest()
                let wave = waiting.withLock { waiting in
                    waiting.append(connection)
                    guard waiting.count == 100 else { return [ServerConnection]() }
                    defer { waiting = [] }
                    return waiting
                }
                for each in wave { try each.respond("200 OK") }
            }
        }
        let request = HTTPRequest(method: "GET", url: server.url)
        for _ in 0..<3 {
            let answered = await withTaskGroup { [client] group in
                for _ in 0..<100 { group.addTask { await client.send(request).failure == nil } }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(answered == 100)
        }
        #expect(server.acceptedCount == 100)
    }

    @Test("a connection that the server closed while it was idle is replaced without a failure")
    func staleConnection() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond("200 OK", body: "\(connection.number)")
        }
        for number in 0..<3 {
            let response = try await client.send(HTTPRequest(method: "GET", url: server.url)).get()
            #expect(response.text == "\(number)")
        }
    }

    /// Answers the first request of each connection but the last, and resets the connection on the second.
    private static func forgetful() throws -> ScriptedServer {
        try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.respond("200 OK", body: "\(connection.number)")
            _ = try connection.readRequest()
            connection.reset()
        }
    }

    @Test(
        "what changes something is not sent again behind our back when a kept connection dies",
        arguments: ["POST", "PATCH"])
    func notSentAgain(method: String) async throws {
        let server = try Self.forgetful()
        let request = HTTPRequest(method: method, url: server.url, body: [1])
        _ = try await client.send(request).get()
        let failure = HTTPFailure(.reset, "the connection ended before the answer")
        guard case .failure(failure) = await client.send(request) else {
            Issue.record("the request was sent again")
            return
        }
        #expect(
            try await client.send(request).get().text == "2", "the one that libcurl had made for it is given up, too")
    }

    @Test("a read is sent again when a kept connection dies")
    func readSentAgain() async throws {
        let server = try Self.forgetful()
        let request = HTTPRequest(method: "GET", url: server.url)
        #expect(try await client.send(request).get().text == "0")
        #expect(try await client.send(request).get().text == "1")
    }

    @Test("200 requests at once all get their own answer")
    func concurrent() async throws {
        let server = try ScriptedServer { connection in
            while true {
                let request = try connection.readRequest()
                try connection.respond("200 OK", body: request.target + String(decoding: request.body, as: UTF8.self))
            }
        }
        let answers = await withTaskGroup(of: (Int, Result<HTTPResponse, HTTPFailure>).self) { group in
            for number in 0..<200 {
                group.addTask { [client] in
                    let url = "\(server.url)/\(number)"
                    return (number, await client.send(HTTPRequest(method: "POST", url: url, body: Array("!".utf8))))
                }
            }
            return await group.reduce(into: [Int: String]()) { $0[$1.0] = try? $1.1.get().text }
        }
        #expect(answers == Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, "/\($0)!") }))
    }

    @Test("sockets are not inherited, and give up on a peer that is silently gone")
    func socketOptions() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            _ = connection.waitForEnd()
        }
        let stream = try await client.stream(HTTPRequest(method: "GET", url: server.url)).get()
        let descriptor = try #require((3..<4096).first { peerPort(of: $0) == server.port })
        #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
        #expect(option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT) == 30_000)
        #expect(option(descriptor, Int(SOL_SOCKET), SO_KEEPALIVE) == 1)
        #expect(option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE) == 15)
        #expect(option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL) == 5)
        stream.cancel()
    }

    private func option(_ descriptor: CInt, _ level: Int, _ name: CInt) -> CInt {
        var value: CInt = -1
        var size = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(descriptor, CInt(level), name, &value, &size)
        return value
    }

    private func peerPort(of descriptor: CInt) -> UInt16? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &size) }
        }
        return code == 0 && address.sin_family == sa_family_t(AF_INET) ? UInt16(bigEndian: address.sin_port) : nil
    }
}
