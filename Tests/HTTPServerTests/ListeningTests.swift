import Glibc
import HTTPServer
import Testing

/// Gives `body` a directory that is removed afterwards.
func withTemporaryDirectory(_ body: (String) async throws -> Void) async throws {
    var template = Array("/tmp/http-server-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw RawClient.Failure(what: "mkdtemp \(errno)") }
    let directory = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    defer {
        unlink(directory + "/s")
        rmdir(directory)
    }
    try await body(directory)
}

@Suite(.timeLimit(.minutes(1)))
struct ListeningTests {
    private let routes = [Route("GET", "/") { .text(200, "\($0.peer)") }]

    private func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode : nil
    }

    /// A socket file as a killed process leaves it.
    private func leaveStaleSocket(_ path: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafeBytes(of: address) {
            _ = bind(
                descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress!,
                socklen_t(MemoryLayout<sockaddr_un>.size))
        }
        close(descriptor)
    }

    @Test("a Unix socket is for its owner only, and removed at the stop")
    func unixSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            let server = HTTPServer(routes: routes, limits: .quick)
            let bound = try server.start(.unix(path: path))
            #expect(bound.address == .unix(path: path))
            #expect(bound.port == nil)
            #expect(mode(path) == S_IFSOCK | 0o600)
            #expect(try await RawClient.get(at: path, "/").text == "unix")
            await server.stop()
            #expect(mode(path) == nil)
        }
    }

    @Test("a socket nobody answers on is replaced")
    func staleSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            leaveStaleSocket(path)
            let server = HTTPServer(routes: routes, limits: .quick)
            try server.start(.unix(path: path))
            #expect(try await RawClient.get(at: path, "/").status == 200)
            await server.stop()
        }
    }

    @Test("a socket that is answered is left to its owner")
    func answeredSocket() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            let owner = HTTPServer(routes: routes, limits: .quick)
            try owner.start(.unix(path: path))
            let second = HTTPServer(routes: routes)
            #expect(throws: HTTPServerError.addressInUse(.unix(path: path))) { try second.start(.unix(path: path)) }
            #expect(try await RawClient.get(at: path, "/").status == 200)
            await owner.stop()
        }
    }

    @Test("a file that is no socket is never replaced")
    func otherFile() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            close(open(path, O_CREAT | O_WRONLY, 0o644))
            #expect(throws: HTTPServerError.notASocket(path)) {
                try HTTPServer(routes: routes).start(.unix(path: path))
            }
            #expect(mode(path) == S_IFREG | 0o644)
        }
    }

    @Test("a successor's socket survives the stop of its predecessor")
    func successor() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/s"
            let (first, second) = (HTTPServer(routes: routes), HTTPServer(routes: routes))
            try first.start(.unix(path: path))
            unlink(path)
            try second.start(.unix(path: path))
            await first.stop()
            #expect(try await RawClient.get(at: path, "/").status == 200)
            await second.stop()
        }
    }

    @Test("a path too long for a socket is refused, not cut")
    func longPath() {
        let path = "/tmp/" + String(repeating: "x", count: 103)
        #expect(throws: HTTPServerError.pathTooLong(path)) { try HTTPServer(routes: []).start(.unix(path: path)) }
    }

    @Test("a socket in a directory that is not there names path and reason")
    func noDirectory() throws {
        let error = #expect(throws: HTTPServerError.self) {
            try HTTPServer(routes: []).start(.unix(path: "/nonexistent/s"))
        }
        #expect(error?.description == "cannot listen on unix:/nonexistent/s: No such file or directory")
    }

    @Test("a port in use is refused with the address")
    func portInUse() async throws {
        try await withServer(routes) { port, _ in
            let address = ListenAddress.tcp(host: "127.0.0.1", port: port)
            let error = #expect(throws: HTTPServerError.addressInUse(address)) {
                try HTTPServer(routes: []).start(address)
            }
            #expect(error?.description == "cannot listen on 127.0.0.1:\(port): address already in use")
        }
    }

    @Test("an address of another machine is refused with its name")
    func foreignAddress() throws {
        let error = #expect(throws: HTTPServerError.self) {
            try HTTPServer(routes: []).start(.tcp(host: "192.0.2.1", port: 0))
        }
        #expect(error?.description.hasPrefix("cannot listen on 192.0.2.1:0: ") == true)
    }

    @Test("every address of both families is one listener, and an IPv4 client keeps its address")
    func dualStack() async throws {
        let server = HTTPServer(routes: routes, limits: .quick)
        let bound = try server.start(.tcp(host: "::", port: 0))
        #expect(try await RawClient.get(from: bound.port ?? 0, "/").text == "tcp(address: \"127.0.0.1\")")
        await server.stop()
    }

    @Test("one server listens on several addresses")
    func several() async throws {
        try await withTemporaryDirectory { directory in
            try await withServer(routes) { port, server in
                try server.start(.unix(path: directory + "/s"))
                #expect(try await RawClient.get(at: directory + "/s", "/").text == "unix")
                #expect(try await RawClient.get(from: port, "/").text == "tcp(address: \"127.0.0.1\")")
            }
        }
    }
}
