import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@Suite("A refused credential")
struct UnauthorizedTests {
    static let calls: [APICall] = [
        .version, .listPods(node: "a", .cache()), .evict(.web, DeleteOptions()),
    ]

    /// Takes only the token `good`.
    private func api() throws -> ScriptedAPI {
        try ScriptedAPI { request, _ in
            guard request.headers["authorization"] == "Bearer good" else { return .status(401, "Unauthorized") }
            if request.target == "/version" { return .object(#"{"gitVersion":"v1"}"#) }
            if request.target == "/api/v1" { return .object(#"{"resources":[]}"#) }
            if request.method == "POST" { return .object(#"{"kind":"Status"}"#) }
            return .object(#"{"metadata":{"resourceVersion":"1"},"items":[]}"#)
        }
    }

    @Test("a token that rotated is read again, and the request goes through", arguments: calls)
    func rotated(call: APICall) async throws {
        let api = try api()
        let files = MemoryFiles(["/token": "old"])
        let client = api.client(.tokenFile(path: "/token"), files: files)
        _ = await client.send(APIRequest(.version))
        files["/token"] = "good"
        let before = api.requests.count
        #expect(await client.send(APIRequest(call)).code == 200)
        #expect(api.requests[before].headers["authorization"] == "Bearer old")
        #expect(api.requests[before + 1].headers["authorization"] == "Bearer good")
    }

    @Test("a credential that stays refused is tried once more, and no more", arguments: calls)
    func refused(call: APICall) async throws {
        let api = try api()
        let exchange = await api.client(.token("bad")).send(APIRequest(call))
        #expect(exchange.answer == .refusal(Status(code: 401, message: "Unauthorized")))
        #expect(api.requests.count == 2)
    }

    @Test("a watch has its second try too")
    func watch() async throws {
        let api = try api()
        let files = MemoryFiles(["/token": "old"])
        let client = api.client(.tokenFile(path: "/token"), files: files)
        _ = await client.send(APIRequest(.version))
        files["/token"] = "good"
        let request = WatchRequest(.pods(node: "a"), resourceVersion: "1", timeoutSeconds: 1)
        var iterator = client.watch(request).makeAsyncIterator()
        #expect(await iterator.next() == .opened)
    }

    @Test("a credential that cannot be had is a failure of its own, and nothing is sent")
    func missing() async throws {
        let api = try api()
        let exchange = await api.client(.tokenFile(path: "/none")).send(APIRequest(.version))
        #expect(exchange.answer == .failure(TransportFailure(.credential, "cannot read /none: there is no such file")))
        #expect(api.requests.isEmpty)
    }
}
