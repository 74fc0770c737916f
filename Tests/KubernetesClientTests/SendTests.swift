import HTTPClient
import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing
import Timestamps

@Suite("Requests and their answers")
struct SendTests {
    static let refusals = WireFixture.names.filter { name in
        (try? WireFixture.named(name).status).map { $0 >= 300 } ?? false
    }

    @Test("every recorded refusal is the server's own word", arguments: refusals)
    func refusal(name: String) async throws {
        let fixture = try WireFixture.named(name)
        let answer = try ScriptedAPI.Answer.recorded(name)
        let api = try ScriptedAPI { _, _ in answer }
        let exchange = await api.send(.readNode("node-a"))
        guard case .refusal(let status) = exchange.answer else {
            Issue.record("\(exchange.answer)")
            return
        }
        #expect(status.code == fixture.status)
        #expect(exchange.code == fixture.status)
        #expect(status.message == fixture.body["message"]?.string)
        #expect(status.reason == fixture.body["reason"]?.string ?? "")
        #expect(status.details.kind == fixture.body["details"]?["kind"]?.string ?? "")
        let causes = fixture.body["details"]?["causes"]?.items ?? []
        #expect(status.details.causes.map(\.reason) == causes.map { $0["reason"]?.string })
    }

    @Test("there are recorded refusals")
    func recordings() { #expect(Self.refusals.count >= 10) }

    @Test(
        "a recorded success is what was asked for",
        arguments: [
            ("version", APICall.version), ("event-create", .createEvent(.example)),
            ("event-create", .repeatEvent(.example)),
            ("cordon-patch", .setNodeConditions("node-a", [Condition(type: "Drained")])),
            ("evict-201-created", .deletePod(.web, DeleteOptions())),
            ("pod-get-terminating", .deletePod(.web, DeleteOptions())),
        ])
    func successes(name: String, call: APICall) async throws {
        let answer = try ScriptedAPI.Answer.recorded(name)
        let api = try ScriptedAPI { _, _ in answer }
        #expect(await api.send(call).answer == .success(code: answer.status, .other))
        let request = try #require(api.requests.first)
        let wire = call.wire()
        #expect(request.method == wire.method)
        #expect(request.target == wire.target)
        #expect(request.body == wire.body ?? [])
        #expect(request.headers["content-type"] == wire.contentType)
    }

    @Test(
        "a node is read, also as the answer to a patch",
        arguments: [
            ("node-get", APICall.readNode("node-a")), ("cordon-patch", .setUnschedulable(node: "node-a", true)),
        ])
    func node(name: String, call: APICall) async throws {
        let answer = try ScriptedAPI.Answer.recorded(name)
        let api = try ScriptedAPI { _, _ in answer }
        guard case .success(200, .node(let node)) = await api.send(call).answer else {
            Issue.record("no node")
            return
        }
        #expect(node.metadata.uid == "5fca7111-677f-4a31-a57c-66a2c0d4e115")
        #expect(node.spec.unschedulable == (name == "cordon-patch"))
    }

    @Test("a workload and a Lease are read")
    func objects() async throws {
        let api = try ScriptedAPI { request, _ in
            request.target.contains("/leases")
                ? .object(#"{"kind":"Lease","metadata":{"name":"slot-0"},"spec":{"holderIdentity":"a"}}"#)
                : .object(#"{"kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":3}}"#)
        }
        let workload = Workload(metadata: ObjectMeta(name: "web"), spec: .init(replicas: 3))
        let key = Workload.Key(kind: .deployment, namespace: "shop", name: "web")
        #expect(await api.send(.readWorkload(key)).answer == .success(code: 200, .workload(workload)))
        let lease = Lease(metadata: ObjectMeta(name: "slot-0"), spec: .init(holderIdentity: "a"))
        for call in [APICall.createLease(lease), .replaceLease(lease)] {
            #expect(await api.send(call).answer == .success(code: 200, .lease(lease)))
        }
        #expect(await api.send(.restartRollout(key, at: TestClock.start)).answer == .success(code: 200, .other))
    }

    @Test("a pod is read")
    func pod() async throws {
        let answer = try ScriptedAPI.Answer.recorded("pod-get-terminating")
        let api = try ScriptedAPI { _, _ in answer }
        let call = APICall.readPod(namespace: "demo", name: "bare")
        guard case .success(200, .pod(let pod)) = await api.send(call).answer else {
            Issue.record("no pod")
            return
        }
        #expect(pod.identity.description == "demo/bare")
        #expect(pod.isTerminating)
    }

    @Test("reviews are read")
    func reviews() async throws {
        let api = try ScriptedAPI { request, _ in
            request.target.hasSuffix("selfsubjectreviews")
                ? .object(#"{"status":{"userInfo":{"username":"jane"}}}"#)
                : .object(#"{"status":{"allowed":\#(request.body.count < 170)}}"#)
        }
        #expect(await api.send(.whoAmI).answer == .success(code: 200, .identity(SelfIdentity(username: "jane"))))
        #expect(await api.send(.mayEvict(namespace: "a", byDelete: true)).answer == .success(code: 200, .allowed(true)))
        #expect(await api.send(.mayEvict(namespace: "a")).answer == .success(code: 200, .allowed(false)))
    }

    @Test("every request says who asks, what it takes, and whose trace it is in")
    func headers() async throws {
        let api = try ScriptedAPI { _, _ in .object(#"{"gitVersion":"v1"}"#) }
        let client = api.client(.token("abc"), impersonation: Impersonation(user: "jane", groups: ["a"]))
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        _ = await client.send(APIRequest(.version, traceparent: trace))
        let headers = try #require(api.requests.first).headers
        #expect(headers["accept"] == "application/json")
        #expect(headers["user-agent"] == "drain-agent/test")
        #expect(headers["authorization"] == "Bearer abc")
        #expect(headers["traceparent"] == trace)
        #expect(headers["impersonate-user"] == "jane")
        #expect(headers["impersonate-group"] == "a")
        _ = await api.client().send(APIRequest(.version))
        let bare = try #require(api.requests.last).headers
        #expect(bare["authorization"] == nil)
        #expect(bare["traceparent"] == nil)
        #expect(bare["impersonate-user"] == nil)
    }

    @Test("what discovery asks belongs to the trace of the request that needs it")
    func tracedDiscovery() async throws {
        let api = try ScriptedAPI { request, _ in
            request.method == "GET"
                ? .object(#"{"resources":[],"groups":[]}"#)
                : .init(status: 201, body: #"{"kind":"Status","status":"Success","code":201}"#)
        }
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        _ = await api.client().send(APIRequest(.evict(.web, DeleteOptions()), traceparent: trace))
        #expect(api.requests.map(\.method) == ["GET", "POST"])
        #expect(api.requests.allSatisfy { $0.headers["traceparent"] == trace })
    }

    @Test("a server below a path is asked below it")
    func pathPrefix() async throws {
        let api = try ScriptedAPI { _, _ in .object(#"{"gitVersion":"v1"}"#) }
        let client = KubernetesClient(
            access: ClusterAccess(server: api.url + "/k8s/clusters/c-1"), http: api.http, userAgent: "t",
            time: api.clock.source)
        _ = await client.send(APIRequest(.version))
        #expect(api.requests.map(\.target) == ["/k8s/clusters/c-1/version"])
    }

    @Test("the story has its times, its audit id and the wish to be left alone")
    func story() async throws {
        let clock = TestClock()
        let start = clock.source.now()
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            clock.advance(.seconds(3))
            try connection.respond(
                "429 -", headers: ["Audit-ID: 5a-6b", "retry-after: 7"], body: "Too many requests\n")
        }
        let client = KubernetesClient(
            access: ClusterAccess(server: server.url), http: HTTPClient(), userAgent: "t", time: clock.source)
        #expect(
            await client.send(APIRequest(.version))
                == Exchange(
                    answer: .refusal(Status(code: 429, message: "Too many requests")), auditID: "5a-6b",
                    retryAfter: .seconds(7), sent: start, received: start + .seconds(3)))
    }

    @Test(
        "what is no Status becomes one with the beginning of the text",
        arguments: [
            ("upstream connect error", "upstream connect error"), ("", ""), (" \n", ""),
            ("<html>\n<h1>502</h1>\n</html>\n", "<html>\n<h1>502</h1>\n</html>"),
            (
                "\n<!doctype html><HTML><head><Title>502\n Bad Gateway </Title></head><body>nginx</body></html>",
                "a web page with HTTP 502, not the API server's: 502 Bad Gateway"
            ), ("<title> </title>", "<title> </title>"),
            ("<title>cut", "a web page with HTTP 502, not the API server's: cut"),
            (#"{"kind":"Pod","message":"x"}"#, #"{"kind":"Pod","message":"x"}"#),
            (#"{"message":"x"}"#, #"{"message":"x"}"#),
            (#"{"kind":"Status","code":"#, #"{"kind":"Status","code":"#),
            (String(repeating: "a", count: 5000), String(repeating: "a", count: 1024)),
            (String(repeating: "a", count: 1023) + "ä", String(repeating: "a", count: 1023)),
        ])
    func text(body: String, message: String) async throws {
        let api = try ScriptedAPI { _, _ in .init(status: 502, body: body) }
        #expect(await api.send(.version).answer == .refusal(Status(code: 502, message: message)))
    }

    @Test("the HTTP status goes before the one in the body")
    func code() async throws {
        let api = try ScriptedAPI { _, _ in .init(status: 503, body: #"{"kind":"Status","code":200,"message":"m"}"#) }
        #expect(await api.send(.version).answer == .refusal(Status(code: 503, message: "m")))
    }

    @Test("a redirect is no answer of an API server, and is not followed", arguments: [301, 302, 307, 308])
    func redirect(status: Int) async throws {
        let api = try ScriptedAPI { _, _ in .init(status: status, headers: ["Location: /elsewhere"]) }
        let failure = TransportFailure(.malformed, "HTTP \(status) is a redirect, which is not followed")
        for call in [APICall.version, .listPods(node: "a", .cache())] {
            #expect(await api.send(call).answer == .failure(failure))
        }
        #expect(api.requests.count == 2)
    }

    @Test(
        "a success that is not the API server's is none",
        arguments: [
            (APICall.readNode("a"), "<html>please log in</html>"), (.readNode("a"), "{}"), (.readNode("a"), ""),
            (.readNode("a"), #"{"kind":"Secret","metadata":{"name":"a"}}"#),
            (.setUnschedulable(node: "a", true), #"{"kind":"Secret","metadata":{"name":"a"}}"#),
            (.setUnschedulable(node: "a", true), #"{"kind":"Node","metadata":{"name":"b"}}"#),
            (.version, #"{"kind":"Status"}"#), (.mayEvict(namespace: "a"), #"{"status":{}}"#), (.whoAmI, "{}"),
            (.deletePod(.web, DeleteOptions()), "<html>please log in</html>"),
            (.setUnschedulable(node: "a", true), ""), (.readDaemonSet(namespace: "a", name: "b"), "[]"),
            (.listPods(node: "a", .cache()), "<html>please log in</html>"), (.listPods(node: "a", .cache()), "{}"),
            (.listPods(node: "a", .cache()), ""), (.createLease(.example), #"{"kind":"Lease"}"#),
            (.replaceLease(.example), #"{"metadata":{},"spec":{"acquireTime":"yesterday"}}"#),
            (.deleteLease(.example), "<html>please log in</html>"), (.createEvent(.example), ""),
            (.repeatEvent(.example), "[]"), (.setNodeConditions("a", []), "<html>please log in</html>"),
            (.readWorkload(.example), #"{"kind":"Deployment"}"#),
            (.readWorkload(.example), #"{"metadata":{},"spec":{"replicas":"3"}}"#),
            (.restartRollout(.example, at: TestClock.start), "{}"),
            (.listLeases(namespace: "a"), #"{"metadata":{"resourceVersion":"1"},"items":[{"spec":{}}]}"#),
            (.listVolumeAttachments, #"{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{}}]}"#),
            (.listSelectedPods(namespace: "a", LabelSelector()), #"{"items":[]}"#),
        ])
    func malformed(call: APICall, body: String) async throws {
        let api = try ScriptedAPI { _, _ in .init(body: body) }
        guard case .failure(let failure) = await api.send(call).answer else {
            Issue.record("it was taken for one")
            return
        }
        #expect(failure.kind == .malformed)
        #expect(!failure.message.contains("log in"))
    }

    @Test("a server that nobody runs is a failure to connect")
    func connect() async throws {
        let port = try ScriptedServer.unusedPort()
        let client = KubernetesClient(
            access: ClusterAccess(server: "http://127.0.0.1:\(port)"), http: HTTPClient(), userAgent: "t",
            time: TestClock().source)
        for call in [APICall.version, .listPods(node: "a", .cache()), .evict(.web, DeleteOptions())] {
            guard case .failure(let failure) = await client.send(APIRequest(call)).answer else {
                Issue.record("it was answered")
                continue
            }
            #expect(failure.kind == .connect)
        }
    }

    @Test("an answer that is cut is a reset")
    func reset() async throws {
        let server = try ScriptedServer { connection in
            _ = try connection.readRequest()
            try connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        }
        let client = KubernetesClient(
            access: ClusterAccess(server: server.url), http: HTTPClient(), userAgent: "t", time: TestClock().source)
        for call in [APICall.version, .listPods(node: "a", .cache())] {
            guard case .failure(let failure) = await client.send(APIRequest(call)).answer else {
                Issue.record("it was answered")
                continue
            }
            #expect(failure.kind == .reset)
        }
    }

    @Test("after a shutdown everything is cancelled")
    func shutdown() async throws {
        let api = try ScriptedAPI { _, _ in .object("{}") }
        let client = api.client()
        await client.shutdown()
        guard case .failure(let failure) = await client.send(APIRequest(.version)).answer else {
            Issue.record("it was answered")
            return
        }
        #expect(failure.kind == .cancelled)
        #expect(api.requests.isEmpty)
    }
}
