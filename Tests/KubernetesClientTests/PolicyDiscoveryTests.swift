import KubernetesAPI
import KubernetesClient
import TestSupport
import Testing

@Suite("Which evictions a server takes, and where it has its budgets")
struct PolicyDiscoveryTests {
    private static let accepted = #"{"kind":"Status","status":"Success","code":201}"#

    private func bodies(_ api: ScriptedAPI) -> [String] {
        api.requests.filter { $0.method == "POST" }.map { String(decoding: $0.body, as: UTF8.self) }
    }

    @Test(
        "the version is what discovery says",
        arguments: [
            (#"{"name":"pods/eviction","group":"policy","version":"v1"}"#, "policy/v1"),
            (#"{"name":"pods/eviction","group":"policy","version":"v1beta1"}"#, "policy/v1beta1"),
            (#"{"name":"pods/eviction"}"#, "policy/v1beta1"), (#"{"name":"pods"}"#, "policy/v1"),
        ])
    func version(entry: String, version: String) async throws {
        let api = try ScriptedAPI { request, _ in
            request.target == "/api/v1"
                ? .object(#"{"resources":[\#(entry)]}"#) : .init(status: 201, body: Self.accepted)
        }
        #expect(await api.send(.evict(.web, DeleteOptions())).answer == .success(code: 201, .other))
        #expect(bodies(api).map { $0.hasPrefix(#"{"apiVersion":"\#(version)","#) } == [true])
    }

    @Test("a real server is asked once, by however many evictions")
    func once() async throws {
        let discovery = try ScriptedAPI.Answer.recorded("discover-core-v1")
        let answer = try ScriptedAPI.Answer.recorded("evict-201-created")
        let api = try ScriptedAPI { request, _ in request.target == "/api/v1" ? discovery : answer }
        let client = api.client()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = await client.send(APIRequest(.evict(.web, DeleteOptions()))) } }
        }
        _ = await client.send(APIRequest(.evict(.web, DeleteOptions())))
        #expect(api.requests.filter { $0.target == "/api/v1" }.count == 1)
        #expect(bodies(api).count == 9)
    }

    @Test("a failed discovery is the eviction's answer, and is tried again")
    func failure() async throws {
        let api = try ScriptedAPI { request, number in
            if number == 0 { return .status(503, "starting") }
            if number == 1 { return .init(headers: ["Audit-Id: d"], body: "<html>") }
            return request.target == "/api/v1"
                ? .object(#"{"resources":[{"name":"pods/eviction","group":"policy","version":"v1"}]}"#)
                : .init(status: 201, headers: ["Audit-Id: a"], body: Self.accepted)
        }
        let client = api.client()
        let request = APIRequest(.evict(.web, DeleteOptions()))
        #expect(await client.send(request).answer == .refusal(Status(code: 503, message: "starting")))
        let page = await client.send(request)
        // That of the discovery would find no eviction.
        #expect(page.auditID == nil)
        guard case .failure(let failure) = page.answer else {
            Issue.record("a page is no discovery")
            return
        }
        #expect(failure.kind == .malformed)
        let exchange = await client.send(request)
        #expect(exchange.answer == .success(code: 201, .other))
        #expect(exchange.auditID == "a")
        #expect(bodies(api).count == 1)
    }

    @Test("a server without evictions is not remembered as one that has them")
    func none() async throws {
        let api = try ScriptedAPI { request, _ in
            request.target == "/api/v1" ? .object(#"{"resources":[]}"#) : .status(404, "no")
        }
        let client = api.client()
        for _ in 0..<2 {
            let exchange = await client.send(APIRequest(.evict(.web, DeleteOptions())))
            #expect(exchange.answer == .refusal(Status(code: 404, message: "no")))
        }
        #expect(api.requests.filter { $0.target == "/api/v1" }.count == 2)
    }

    private static let listBudgets = APICall.listBudgets(namespace: nil, .cache())

    private static func group(_ versions: String...) -> ScriptedAPI.Answer {
        let entries = versions.map { #"{"groupVersion":"policy/\#($0)"}"# }.joined(separator: ",")
        return .object(#"{"kind":"APIGroup","versions":[\#(entries)]}"#)
    }

    @Test("real budgets are listed, where discovery says they are, and it is asked once")
    func budgets() async throws {
        let list = try ScriptedAPI.Answer.recorded("pdb-list")
        let api = try ScriptedAPI { request, _ in
            request.target == "/apis/policy" ? Self.group("v1", "v1beta1") : list
        }
        let client = api.client()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 { group.addTask { _ = await client.send(APIRequest(Self.listBudgets)) } }
        }
        guard case .success(200, .budgets(let found)) = await client.send(APIRequest(Self.listBudgets)).answer else {
            Issue.record("no list")
            return
        }
        #expect(found.resourceVersion == "321")
        #expect(found.items.map(\.metadata.name) == ["twice-1", "twice-2", "web-pdb"])
        #expect(found.items.last?.spec.maxUnavailable == .int(0))
        #expect(api.requests.filter { $0.target == "/apis/policy" }.count == 1)
        #expect(api.requests.filter { $0.target == Self.listBudgets.wire().target }.count == 9)
    }

    @Test(
        "an empty selector means what it means in the server's version",
        arguments: [("v1", LabelSelector()), ("v1beta1", nil)] as [(String, LabelSelector?)])
    func emptySelector(version: String, expected: LabelSelector?) async throws {
        let items = #"[{"metadata":{"name":"a"},"spec":{"selector":{}}},{"metadata":{"name":"b"},"spec":{}}]"#
        let api = try ScriptedAPI { request, _ in
            request.target == "/apis/policy"
                ? Self.group(version) : .object(#"{"metadata":{"resourceVersion":"9"},"items":\#(items)}"#)
        }
        guard case .success(200, .budgets(let found)) = await api.send(Self.listBudgets).answer else {
            Issue.record("no list")
            return
        }
        #expect(found.items.map(\.spec.selector) == [expected, nil])
        #expect(api.requests.last?.target.hasPrefix("/apis/policy/\(version)/poddisruptionbudgets?") == true)
    }

    @Test("pages of budgets are one list")
    func budgetPages() async throws {
        let api = try ScriptedAPI { request, number in
            guard request.target != "/apis/policy" else { return Self.group("v1") }
            return .object(
                #"{"metadata":{"resourceVersion":"9","continue":"\#(number == 1 ? "t" : "")"},"items":[{"metadata":{"name":"b\#(number)"}}]}"#
            )
        }
        let call = APICall.listBudgets(namespace: "shop", .consistent(chunkSize: 1))
        guard case .success(200, .budgets(let found)) = await api.send(call).answer else {
            Issue.record("no list")
            return
        }
        #expect(found.items.map(\.metadata.name) == ["b1", "b2"])
        #expect(
            api.requests.map(\.target) == ["/apis/policy", call.wire().target, call.wire(continuing: "t").target])
    }

    @Test("a server without budgets says so itself")
    func noBudgets() async throws {
        let api = try ScriptedAPI { _, _ in .status(404, "no such group") }
        #expect(await api.send(Self.listBudgets).answer == .refusal(Status(code: 404, message: "no such group")))
        #expect(api.requests.map(\.target) == ["/apis/policy"])
    }
}
