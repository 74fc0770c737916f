import HTTPServer
import KubernetesAPI
import Testing

@testable import ClusterModel
@testable import SimulatedCluster

@Suite("Requests as they are read")
struct RequestReadingTests {
    private func asked(
        _ method: String, _ path: String, query: [String: String] = [:], type: String = "application/json",
        body: String = ""
    ) throws(APIStatus) -> Asked {
        let request = HTTPServerRequest(
            method: method, path: path, query: query, headers: [("Content-Type", type)], body: Array(body.utf8),
            peer: .tcp(address: "127.0.0.1"))
        return try RequestReading(request: request).asked()
    }

    private func code(_ body: () throws(APIStatus) -> Asked) -> Int {
        do throws(APIStatus) {
            if case .text(let code, _) = try body() { return code }
            return 200
        } catch {
            return error.code
        }
    }

    @Test(
        "what is malformed is refused, and never more than that",
        arguments: [
            ("GET", "/nonsense", "", 404), ("GET", "/api/v1/pods/a/b/c/d/e/f", "", 404), ("GET", "//", "", 404),
            ("GET", "/apis/apps/v1/pods", "", 404), ("GET", "/apis/none/v1", "", 404),
            ("POST", "/api/v1/namespaces/demo/pods/x/eviction", "{", 400),
            ("POST", "/api/v1/namespaces/demo/pods/x/eviction", "[1,2]", 200),
            ("POST", "/api/v1/namespaces/demo/pods/x/eviction", "{\"kind\":7,\"metadata\":[]}", 200),
            ("POST", "/api/v1/namespaces/demo/pods", "{}", 405),
            ("DELETE", "/api/v1/nodes/node-a", "", 405), ("BREW", "/api/v1/nodes", "", 405),
            ("PATCH", "/api/v1/nodes/node-a", "{}", 415),
            ("PUT", "/apis/apps/v1/namespaces/demo/deployments/web/scale", "{\"spec\":{\"replicas\":-1}}", 400),
            ("PUT", "/apis/apps/v1/namespaces/demo/deployments/web/scale", "{\"spec\":{\"replicas\":1e99}}", 400),
        ])
    func malformed(_ method: String, _ path: String, _ body: String, _ expected: Int) {
        #expect(code { () throws(APIStatus) in try asked(method, path, body: body) } == expected)
    }

    @Test(
        "a list's parameters are checked",
        arguments: [
            ("fieldSelector", "spec.hostname=x"), ("fieldSelector", "spec.nodeName"), ("labelSelector", "a=("),
            ("resourceVersion", "new"),
        ])
    func parameters(_ name: String, _ value: String) {
        #expect(code { () throws(APIStatus) in try asked("GET", "/api/v1/pods", query: [name: value]) } == 400)
    }

    @Test("a list carries its selectors")
    func list() throws {
        let query = [
            "fieldSelector": "spec.nodeName=node-a,metadata.name==web", "labelSelector": "app=web", "limit": "5",
            "continue": "1/a/b", "resourceVersion": "7",
        ]
        guard case .model(.list(let list)) = try asked("GET", "/api/v1/namespaces/demo/pods", query: query) else {
            Issue.record("not a list")
            return
        }
        var expected = ListQuery(.pods, namespace: "demo", name: "web", node: "node-a", limit: 5, resourceVersion: "7")
        expected.labels = try LabelSelector(parsing: "app=web")
        expected.continueToken = "1/a/b"
        #expect(list == expected)
    }

    @Test(
        "a patch of a node says what it changes",
        arguments: [
            (#"{"spec":{"unschedulable":true}}"#, true), (#"{"spec":{"unschedulable":false}}"#, false),
            (#"{"spec":{"unschedulable":null}}"#, false), (#"{"metadata":{"labels":{"a":"b"}}}"#, nil),
        ] as [(String, Bool?)])
    func cordon(_ body: String, _ expected: Bool?) throws {
        let read = try asked(
            "PATCH", "/api/v1/nodes/node-a", query: ["dryRun": "All"], type: "application/strategic-merge-patch+json",
            body: body)
        guard case .model(.patchNode("node-a", let patch, dryRun: true)) = read else {
            Issue.record("\(read)")
            return
        }
        #expect(patch.unschedulable == expected)
    }

    @Test("a null takes an annotation away")
    func annotations() throws {
        let read = try asked(
            "PATCH", "/api/v1/nodes/node-a", type: "application/merge-patch+json",
            body: #"{"metadata":{"annotations":{"keep":"x","drop":null}}}"#)
        guard case .model(.patchNode(_, let patch, _)) = read else {
            Issue.record("\(read)")
            return
        }
        #expect(patch.annotations == ["keep": "x", "drop": nil])
    }

    @Test(
        "a budget's limit may be a number or a share",
        arguments: [
            (#"{"spec":{"minAvailable":0}}"#, BudgetLimit.minAvailable(.int(0))),
            (#"{"spec":{"maxUnavailable":"25%","minAvailable":null}}"#, .maxUnavailable(.percent(25))),
        ])
    func budget(_ body: String, _ expected: BudgetLimit) throws {
        let read = try asked(
            "PATCH", "/apis/policy/v1/namespaces/shop/poddisruptionbudgets/web", type: "application/merge-patch+json",
            body: body)
        guard case .model(.patchBudget("shop", "web", let patch)) = read else {
            Issue.record("\(read)")
            return
        }
        #expect(patch.limit == expected)
    }
}
