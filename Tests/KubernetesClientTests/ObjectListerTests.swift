import FoundationEssentials
import HTTPClient
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@Suite("Lists")
struct ObjectListerTests {
    private static let consistent = APICall.listPods(node: "node-a", .consistent(chunkSize: 3))

    private static func page(_ names: [String], version: String = "7", next: String = "") -> ScriptedAPI.Answer {
        let items = names.map { #"{"metadata":{"name":"\#($0)"}}"# }.joined(separator: ",")
        return .object(
            #"{"kind":"PodList","metadata":{"resourceVersion":"\#(version)","continue":"\#(next)"},"items":[\#(items)]}"#
        )
    }

    private func names(_ exchange: Exchange) -> [String]? {
        guard case .success(200, .pods(let list)) = exchange.answer else { return nil }
        return list.items.map(\.metadata.name)
    }

    @Test("real pages are one list, up to the one that says there is no more")
    func recorded() async throws {
        let first = try ScriptedAPI.Answer.recorded("pods-list-page-1")
        let second = try ScriptedAPI.Answer.recorded("pods-list-page-2")
        let last = Self.page(["last"], version: "321")
        let api = try ScriptedAPI { _, number in [first, second, last][number] }
        let exchange = await api.send(Self.consistent)
        guard case .success(200, .pods(let list)) = exchange.answer else {
            Issue.record("\(exchange.answer)")
            return
        }
        let expected = try ["pods-list-page-1", "pods-list-page-2"].flatMap { name in
            try #require(try WireFixture.named(name).body["items"]).items.map { item in
                try JSONDecoder().decode(Pod.self, from: Data(try WireFixture.encode(item)))
            }
        }
        #expect(list.resourceVersion == "321")
        #expect(Array(list.items.dropLast()) == expected)
        #expect(list.items.last?.metadata.name == "last")
        let tokens = try [WireFixture.named("pods-list-page-1"), .named("pods-list-page-2")].map {
            $0.body["metadata"]?["continue"]?.string
        }
        let calls = [Self.consistent.wire()] + tokens.map { Self.consistent.wire(continuing: $0) }
        #expect(api.requests.map(\.target) == calls.map(\.target))
    }

    @Test("a list from the cache is one request")
    func cache() async throws {
        let api = try ScriptedAPI { _, _ in Self.page(["a", "b"], version: "9") }
        let call = APICall.listPods(node: "node-a", .cache(notBefore: "8"))
        let exchange = await api.send(call)
        #expect(names(exchange) == ["a", "b"])
        #expect(api.requests.map(\.target) == [call.wire().target])
    }

    @Test("an empty node has an empty list", arguments: ["[]", "null"])
    func empty(items: String) async throws {
        let api = try ScriptedAPI { _, _ in .object(#"{"metadata":{"resourceVersion":"9"},"items":\#(items)}"#) }
        #expect(
            await api.send(Self.consistent).answer
                == .success(code: 200, .pods(PodList(resourceVersion: "9", items: []))))
    }

    @Test("a page token that expired begins the list again")
    func expired() async throws {
        let gone = try ScriptedAPI.Answer.recorded("pods-list-410-continue-expired")
        let api = try ScriptedAPI { request, number in
            switch number {
            case 0: Self.page(["stale"], version: "1", next: "t0")
            case 1: gone
            case 2: Self.page(["a"], version: "2", next: "t1")
            default: Self.page(["b"], version: "2")
            }
        }
        let exchange = await api.send(Self.consistent)
        #expect(names(exchange) == ["a", "b"])
        let tokens = api.requests.map { $0.target.split(separator: "continue=").dropFirst().first.map(String.init) }
        #expect(tokens == [nil, "t0", nil, "t1"])
    }

    @Test("a list whose tokens keep expiring is asked for in one piece")
    func alwaysExpired() async throws {
        let api = try ScriptedAPI { request, number in
            if request.target.contains("continue=") { return .status(410, "expired", reason: "Expired") }
            return request.target.contains("limit=") ? Self.page(["stale"], next: "t\(number)") : Self.page(["a", "b"])
        }
        #expect(names(await api.send(Self.consistent)) == ["a", "b"])
        #expect(api.requests.filter { $0.target.contains("continue=") }.count == 6)
        #expect(api.requests.filter { $0.target.contains("limit=") }.count == 12)
        #expect(api.requests.count == 13)
    }

    @Test("a server that pages what was asked for in one piece, and expires it, is refused")
    func hopeless() async throws {
        let api = try ScriptedAPI { request, number in
            request.target.contains("continue=") ? .status(410, "expired") : Self.page(["stale"], next: "t\(number)")
        }
        #expect(await api.send(Self.consistent).answer == .refusal(Status(code: 410, message: "expired")))
        #expect(api.requests.count == 14)
    }

    @Test("410 without a token is the answer")
    func tooOld() async throws {
        let api = try ScriptedAPI { _, _ in .status(410, "too old") }
        let exchange = await api.send(.listPods(node: "a", .cache(notBefore: "5")))
        #expect(exchange.answer == .refusal(Status(code: 410, message: "too old")))
        #expect(api.requests.count == 1)
    }

    @Test("pages that do not go on are no list")
    func endless() async throws {
        let api = try ScriptedAPI { _, _ in Self.page(["a"], next: "same") }
        guard case .failure(let failure) = await api.send(Self.consistent).answer else {
            Issue.record("it was taken for one")
            return
        }
        #expect(failure == TransportFailure(.malformed, "the list cannot be read: its pages do not end"))
    }

    @Test("a refusal on a later page is the answer, with its headers")
    func laterRefusal() async throws {
        let api = try ScriptedAPI { _, number in
            guard number > 0 else { return Self.page(["a"], next: "t") }
            return .init(status: 429, headers: ["Retry-After: 3", "Audit-Id: x"], body: "slow down")
        }
        let exchange = await api.send(Self.consistent)
        #expect(exchange.answer == .refusal(Status(code: 429, message: "slow down")))
        #expect(exchange.retryAfter == .seconds(3))
        #expect(exchange.auditID == "x")
    }

    @Test(
        "a list that cannot be read names its item",
        arguments: [
            (
                #"{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}},{"metadata":{"name":5}}]}"#,
                "item 2: metadata.name: not a String"
            ),
            (#"{"metadata":{"resourceVersion":"1"},"items":[{}]}"#, "item 1: no metadata"),
            (
                #"{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{}},{"metadata":{}}"#,
                "it ends, or is no JSON, after 1 items"
            ),
            (#"{"metadata":{},"items":[]}"#, "around its items: metadata: no resourceVersion"),
        ])
    func unreadable(body: String, problem: String) async throws {
        let api = try ScriptedAPI { _, _ in .object(body) }
        #expect(
            await api.send(.listPods(node: "a", .cache())).answer
                == .failure(TransportFailure(.malformed, "the list cannot be read: \(problem)")))
    }

    @Test("an item of more than 16 MiB is refused while it comes")
    func tooLarge() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\n\r\n" + #"{"metadata":{"resourceVersion":"1"},"items":[{"a":""#)
            let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            // On a busy machine the client may take its time.
            while true { do { try connection.write(block) } catch ConnectionEnd.silent {} }
        }
        let client = KubernetesClient(
            access: ClusterAccess(server: server.url), http: HTTPClient(), userAgent: "t", time: TestClock().source)
        let exchange = await client.send(APIRequest(.listPods(node: "a", .cache())))
        #expect(
            exchange.answer
                == .failure(
                    TransportFailure(.malformed, "the list cannot be read: item 1 is larger than 16 MiB")))
    }

    @Test("items come in whatever pieces")
    func pieces() async throws {
        let body = Self.page((0..<50).map { "pod-\($0)" }).body
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: body.utf8.count, by: 7) {
                try connection.writeChunk(
                    String(decoding: Array(body.utf8)[start..<min(start + 7, body.utf8.count)], as: UTF8.self))
            }
            try connection.writeChunk("")
        }
        let client = KubernetesClient(
            access: ClusterAccess(server: server.url), http: HTTPClient(), userAgent: "t", time: TestClock().source)
        let exchange = await client.send(APIRequest(.listPods(node: "a", .cache())))
        #expect(names(exchange) == (0..<50).map { "pod-\($0)" })
    }

    @Test("Leases, volume attachments and selected pods are listed the same way")
    func others() async throws {
        let api = try ScriptedAPI { request, _ in
            let spec = request.target.contains("volumeattachments") ? #"{"nodeName":"node-a"}"# : "{}"
            return .object(
                #"{"metadata":{"resourceVersion":"9"},"items":[{"metadata":{"name":"x"},"spec":\#(spec)}]}"#)
        }
        let meta = ObjectMeta(name: "x")
        let cases: [(APICall, APIObject)] = [
            (.listLeases(namespace: "ops"), .leases([Lease(metadata: meta)])),
            (.listVolumeAttachments, .volumeAttachments([VolumeAttachment(metadata: meta, nodeName: "node-a")])),
            (
                .listSelectedPods(namespace: "shop", LabelSelector([.exists(key: "app")])),
                .pods(PodList(resourceVersion: "9", items: [Pod(metadata: meta)]))
            ),
        ]
        for (call, expected) in cases { #expect(await api.send(call).answer == .success(code: 200, expected)) }
        #expect(api.requests.map(\.target) == cases.map { $0.0.wire().target })
    }
}
