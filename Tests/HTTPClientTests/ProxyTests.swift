import Glibc
import HTTPClient
import TestSupport
import Testing

@Suite("Proxies", .timeLimit(.minutes(1)))
struct ProxyTests {
    let client = HTTPClient()

    @Test("a plain request goes to the proxy with its whole URL, and the proxy's password stays with the proxy")
    func absoluteURL() async throws {
        let requests = Events<ServerRequest>()
        let proxy = try ScriptedServer { connection in
            requests.post(try connection.readRequest())
            try connection.respond("200 OK", body: "from the proxy")
        }
        let address = "http://user:pass@127.0.0.1:\(proxy.port)"
        let request = HTTPRequest(method: "GET", url: "http://kubernetes.invalid/api", proxy: address)
        #expect(try await client.send(request).get().text == "from the proxy")
        let seen = try #require(await requests.next())
        #expect(seen.target == "http://kubernetes.invalid/api")
        #expect(seen.headers["proxy-authorization"] == "Basic dXNlcjpwYXNz")
    }

    @Test("a proxy that refuses to connect is a failure to connect")
    func refusedConnect() async throws {
        let requests = Events<ServerRequest>()
        let proxy = try ScriptedServer { connection in
            requests.post(try connection.readRequest())
            try connection.respond("403 Forbidden", body: "no")
        }
        let request = HTTPRequest(
            method: "GET", url: "https://kubernetes.invalid/", headers: [("Authorization", "Bearer t0ken")],
            proxy: proxy.url)
        #expect(await client.send(request).failure?.kind == .connect)
        let seen = try #require(await requests.next())
        #expect(seen.method == "CONNECT" && seen.target == "kubernetes.invalid:443")
        #expect(seen.headers["authorization"] == nil)
    }

    @Test("a SOCKS proxy is given the name to resolve")
    func socks() async throws {
        let names = Events<[UInt8]>()
        let proxy = try ScriptedServer { connection in
            _ = try connection.read()
            try connection.write([5, 0])
            names.post(try connection.read())
            try connection.write([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
            _ = try connection.readRequest()
            try connection.respond("200 OK", body: "through")
        }
        let address = "socks5://127.0.0.1:\(proxy.port)"
        let request = HTTPRequest(method: "GET", url: "http://kubernetes.invalid/", proxy: address)
        #expect(try await client.send(request).get().text == "through")
        let name = Array("kubernetes.invalid".utf8)
        #expect(await names.next() == [5, 1, 0, 3, UInt8(name.count)] + name + [0, 80])
    }

    @Test(
        "a proxy that cannot be used is told without its password",
        arguments: [
            "gopher://user:s3cret@127.0.0.1:1", "http://user:s3cret@[::1", "http://user:s3cret@proxy.invalid:1",
        ])
    func unusable(proxy: String) async throws {
        let request = HTTPRequest(method: "GET", url: "http://127.0.0.1:1/", proxy: proxy)
        let failure = try #require(await client.send(request).failure)
        #expect(!failure.message.isEmpty && !failure.message.contains("s3cret"))
    }

    @Test("the environment's proxy is not used")
    func environment() async {
        // In a process of its own: the environment belongs to all tests.
        await #expect(processExitsWith: .success) {
            setenv("http_proxy", "http://127.0.0.1:1", 1)
            let server = try ScriptedServer { connection in
                _ = try connection.readRequest()
                try connection.respond("200 OK", body: "direct")
            }
            let response = try await HTTPClient().send(HTTPRequest(method: "GET", url: server.url)).get()
            #expect(response.body == Array("direct".utf8))
        }
    }
}
