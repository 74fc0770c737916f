import HTTPClient
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing
import Timestamps

@Suite("Watches")
struct WatchTests {
    private static let request = WatchRequest(.pods(node: "node-a"), resourceVersion: "321", timeoutSeconds: 300)
    private static let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func line(_ name: String, type: String = "ADDED") -> String {
        #"{"type":"\#(type)","object":{"metadata":{"name":"\#(name)","resourceVersion":"5"}}}"# + "\n"
    }

    private static func pod(_ name: String) -> WatchedObject {
        .pod(Pod(metadata: ObjectMeta(name: name, resourceVersion: "5")))
    }

    private func client(_ server: ScriptedServer) -> KubernetesClient {
        KubernetesClient(
            access: ClusterAccess(server: server.url, credential: .token("abc")), http: HTTPClient(),
            userAgent: "drain-agent/test", time: TestClock().source)
    }

    /// Everything that a watch says of a server that answers so.
    private func signals(_ script: @escaping ScriptedServer.Script) async throws -> [WatchSignal] {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try script(connection)
        }
        return await client(server).watch(Self.request).reduce(into: []) { $0.append($1) }
    }

    private func signals(_ answer: ScriptedAPI.Answer) async throws -> [WatchSignal] {
        let api = try ScriptedAPI { _, _ in answer }
        return await api.client().watch(Self.request).reduce(into: []) { $0.append($1) }
    }

    @Test("a real watch is opened, says its events, and is closed")
    func recorded() async throws {
        let fixture = try WireFixture.named("pods-watch")
        let signals = try await signals(.recorded("pods-watch"))
        #expect(signals.first == .opened)
        #expect(signals.last == .ended(.closed, detail: "the server closed the watch", status: nil))
        #expect(signals.count == fixture.body.items.count + 2)
        let versions = signals.compactMap { signal -> String? in
            switch signal {
            case .event(.added(let object)), .event(.modified(let object)), .event(.deleted(let object)):
                object.metadata.resourceVersion
            case .event(.bookmark(let version)): version
            default: nil
            }
        }
        #expect(versions == fixture.body.items.map { $0["object"]?["metadata"]?["resourceVersion"]?.string })
    }

    @Test("a refusal that does not end is given up after a minute")
    func endlessRefusal() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 500 -\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true { try connection.write("1\r\nx\r\n") }
        }
        let clock = TestClock()
        // Each look at the clock is half a minute later.
        let time = TimeSource {
            clock.advance(.seconds(30))
            return clock.source.now()
        }
        let client = KubernetesClient(
            access: ClusterAccess(server: server.url, credential: .token("abc")), http: HTTPClient(),
            userAgent: "drain-agent/test", time: time)
        let signals = await client.watch(Self.request).reduce(into: [WatchSignal]()) { $0.append($1) }
        let detail = "a refusal took longer than 60.0 seconds"
        #expect(signals == [.ended(.error, detail: detail, status: nil)])
    }

    @Test("the request is the watch's, with who we are and our trace")
    func request() async throws {
        let api = try ScriptedAPI { _, _ in .init() }
        for await _ in api.client(.token("abc")).watch(Self.request, traceparent: "00-a-b-01") {}
        let request = try #require(api.requests.first)
        #expect(request.method == "GET")
        #expect(request.target == Self.request.wire().target)
        #expect(request.headers["authorization"] == "Bearer abc")
        #expect(request.headers["traceparent"] == "00-a-b-01")
        #expect(request.headers["accept"] == "application/json")
    }

    @Test("an event is told as soon as its line is whole, however the bytes come")
    func pieces() async throws {
        let signals = try await signals { (connection) throws(ConnectionEnd) in
            try connection.write(Self.head)
            for character in Self.line("a") + Self.line("b", type: "DELETED") {
                try connection.writeChunk(String(character))
            }
            try connection.writeChunk("")
        }
        #expect(
            signals == [
                .opened, .event(.added(Self.pod("a"))), .event(.deleted(Self.pod("b"))),
                .ended(.closed, detail: "the server closed the watch", status: nil),
            ])
    }

    @Test("a watch too old for the server has expired")
    func expired() async throws {
        let signals = try await signals(.recorded("pods-watch-410-expired"))
        let status = Status(
            code: 410, reason: "Expired", message: "The resourceVersion for the provided watch is too old.")
        #expect(signals == [.opened, .ended(.expired, detail: status.message, status: status)])
    }

    @Test("another error of the server's ends it as an error")
    func serverError() async throws {
        let signals = try await signals(.recorded("pods-watch-list-initial-events"))
        #expect(signals.count == 2)
        guard case .ended(.error, let detail, let status) = signals.last else {
            Issue.record("\(signals)")
            return
        }
        #expect(status?.code == 500)
        #expect(detail == status?.message)
    }

    @Test(
        "a refused watch was never open, and says why",
        arguments: [
            ("list-403-rbac", WatchRestart.error, 403), ("list-401-bad-token", .error, 401),
            ("pods-list-410-continue-expired", .expired, 410),
        ])
    func refused(name: String, restart: WatchRestart, code: Int) async throws {
        let signals = try await signals(.recorded(name))
        let message = try #require(try WireFixture.named(name).body["message"]?.string)
        #expect(signals.count == 1)
        guard case .ended(restart, detail: message, status: let status) = signals.first else {
            Issue.record("\(signals)")
            return
        }
        #expect(status?.code == code)
    }

    @Test("a page without a word is an error with its code")
    func emptyRefusal() async throws {
        #expect(
            try await signals(.init(status: 503))
                == [.ended(.error, detail: "the server answered 503", status: Status(code: 503))])
    }

    @Test("a connection that is cut is an error after what came")
    func cut() async throws {
        let signals = try await signals { (connection) throws(ConnectionEnd) in
            try connection.write(Self.head)
            try connection.writeChunk(Self.line("a") + #"{"type":"ADDED","obj"#)
            connection.reset()
        }
        #expect(signals.dropLast() == [.opened, .event(.added(Self.pod("a")))])
        guard case .ended(.error, _, nil) = signals.last else {
            Issue.record("\(signals)")
            return
        }
    }

    @Test(
        "a line that is no event ends it",
        arguments: ["<html>", "{}", #"{"type":"NEWS","object":{}}"#, #"{"type":"ADDED","object":{"spec":{}}}"#])
    func unreadable(line: String) async throws {
        let signals = try await signals(.init(body: Self.line("a") + line + "\n" + Self.line("b")))
        #expect(signals.dropLast() == [.opened, .event(.added(Self.pod("a")))])
        guard case .ended(.error, let detail, nil) = signals.last else {
            Issue.record("\(signals)")
            return
        }
        #expect(detail.hasPrefix("an event cannot be read: "))
    }

    @Test("a line of more than 16 MiB ends it")
    func longLine() async throws {
        let signals = try await signals { (connection) throws(ConnectionEnd) in
            try connection.write("HTTP/1.1 200 OK\r\n\r\n")
            let block = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
            while true { try connection.write(block) }
        }
        #expect(signals == [.opened, .ended(.error, detail: "a line is longer than 16 MiB", status: nil)])
    }

    @Test("a consumer that lags by 1,000 events has its watch ended, after those")
    func lagging() async throws {
        let (left, leave) = AsyncStream.makeStream(of: ConnectionEnd.self)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(Self.head)
            for number in 0..<1500 { try connection.writeChunk(Self.line("pod-\(number)")) }
            leave.yield(connection.waitForEnd())
            leave.finish()
        }
        let stream = client(server).watch(Self.request)
        for await _ in left {}
        let signals = await stream.reduce(into: []) { $0.append($1) }
        #expect(signals.count == 1002)
        #expect(signals[1000] == .event(.added(Self.pod("pod-999"))))
        #expect(
            signals.last == .ended(.error, detail: "the events were not read: 1000 were waiting", status: nil))
    }

    @Test("a consumer that keeps up is told any number of events")
    func keepingUp() async throws {
        let signals = try await signals { (connection) throws(ConnectionEnd) in
            try connection.write(Self.head)
            for number in 0..<900 { try connection.writeChunk(Self.line("pod-\(number)")) }
            try connection.writeChunk("")
        }
        #expect(signals.count == 902)
        #expect(signals.last == .ended(.closed, detail: "the server closed the watch", status: nil))
    }

    enum Leaving: CaseIterable { case breaking, cancelling }

    @Test("a consumer that leaves closes the connection", arguments: Leaving.allCases)
    func leaving(how: Leaving) async throws {
        let (left, leave) = AsyncStream.makeStream(of: ConnectionEnd.self)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(Self.head)
            try connection.writeChunk(Self.line("a"))
            leave.yield(connection.waitForEnd())
            leave.finish()
        }
        let client = client(server)
        let (read, hasRead) = AsyncStream.makeStream(of: Void.self)
        let consumer = Task {
            for await signal in client.watch(Self.request) {
                guard case .event = signal else { continue }
                hasRead.finish()
                if how == .breaking { break }
            }
        }
        for await _ in read {}
        if how == .cancelling { consumer.cancel() }
        for await end in left { #expect(end != .silent) }
        await consumer.value
    }

    private func openAndDrop(_ client: KubernetesClient) async {
        var iterator = client.watch(Self.request).makeAsyncIterator()
        #expect(await iterator.next() == .opened)
    }

    @Test("a watch that nobody reads any more is closed")
    func unread() async throws {
        let (left, leave) = AsyncStream.makeStream(of: ConnectionEnd.self)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(Self.head)
            leave.yield(connection.waitForEnd())
            leave.finish()
        }
        let client = client(server)
        await openAndDrop(client)
        for await end in left { #expect(end != .silent) }
    }

    @Test("a watch that is cancelled before the server answers leaves")
    func cancelledEarly() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let (left, leave) = AsyncStream.makeStream(of: ConnectionEnd.self)
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            ask.finish()
            leave.yield(connection.waitForEnd())
            leave.finish()
        }
        let client = client(server)
        let consumer = Task { for await _ in client.watch(Self.request) {} }
        for await _ in asked {}
        consumer.cancel()
        for await end in left { #expect(end != .silent) }
        await consumer.value
    }

    @Test("a shutdown ends the watches with their last word")
    func shutdown() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write(Self.head)
            try connection.writeChunk(Self.line("a"))
            _ = connection.waitForEnd()
        }
        let client = client(server)
        var signals: [WatchSignal] = []
        for await signal in client.watch(Self.request) {
            signals.append(signal)
            if case .event = signal { await client.shutdown() }
        }
        #expect(signals.count == 3)
        guard case .ended(.error, _, nil) = signals.last else {
            Issue.record("\(signals)")
            return
        }
    }

    @Test("a node is watched by its name")
    func node() async throws {
        let api = try ScriptedAPI { _, _ in .init(body: Self.line("node-a", type: "MODIFIED")) }
        let request = WatchRequest(.node("node-a"), resourceVersion: "321", timeoutSeconds: 300)
        let signals = await api.client().watch(request).reduce(into: []) { $0.append($1) }
        #expect(signals.count == 3)
        #expect(
            signals[1] == .event(.modified(.node(Node(metadata: ObjectMeta(name: "node-a", resourceVersion: "5"))))))
        #expect(api.requests.map(\.target) == [request.wire().target])
    }

    /// Discovery first, then one event of a budget whose selector is this.
    private func budgetWatch(
        _ version: String, selector: String
    ) async throws -> (signals: [WatchSignal], targets: [String]) {
        let line =
            #"{"type":"ADDED","object":{"metadata":{"name":"web","namespace":"shop"},"spec":{"selector":\#(selector)}}}"#
        let api = try ScriptedAPI { request, _ in
            request.target == "/apis/policy"
                ? .object(#"{"kind":"APIGroup","versions":[{"groupVersion":"policy/\#(version)"}]}"#)
                : .init(body: line + "\n")
        }
        let request = WatchRequest(.budgets(namespace: "shop"), resourceVersion: "9", timeoutSeconds: 300)
        let signals = await api.client().watch(request).reduce(into: []) { $0.append($1) }
        return (signals, api.requests.map(\.target))
    }

    @Test(
        "budgets are watched where the server has them, and an empty selector means what it means there",
        arguments: [
            ("v1", "{}", LabelSelector()), ("v1", "null", nil), ("v1beta1", "{}", nil), ("v1beta1", "null", nil),
            (
                "v1beta1", #"{"matchLabels":{"app":"web"}}"#,
                LabelSelector([.isIn(key: "app", values: ["web"])])
            ),
        ] as [(String, String, LabelSelector?)])
    func budgets(version: String, selector: String, expected: LabelSelector?) async throws {
        let (signals, targets) = try await budgetWatch(version, selector: selector)
        let budget = Budget(
            metadata: ObjectMeta(name: "web", namespace: "shop"), spec: BudgetSpec(selector: expected))
        #expect(signals.dropFirst().first == .event(.added(.budget(budget))))
        #expect(
            targets == [
                "/apis/policy",
                "/apis/policy/\(version)/namespaces/shop/poddisruptionbudgets?watch=1&allowWatchBookmarks=true"
                    + "&resourceVersion=9&timeoutSeconds=300",
            ])
    }

    @Test("a watch whose discovery is refused ends with the refusal, unopened")
    func undiscovered() async throws {
        let api = try ScriptedAPI { _, _ in .status(503, "starting") }
        let request = WatchRequest(.budgets(namespace: nil), resourceVersion: "9", timeoutSeconds: 300)
        let signals = await api.client().watch(request).reduce(into: []) { $0.append($1) }
        #expect(signals == [.ended(.error, detail: "starting", status: Status(code: 503, message: "starting"))])
        #expect(api.requests.map(\.target) == ["/apis/policy"])
    }
}
