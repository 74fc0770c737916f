import KubernetesAPI
import Testing

@Suite("Requests on the wire")
struct WireRequestTests {
    private static let pod = PodIdentity(namespace: "demo", name: "web-0", uid: "u-1")

    struct Golden: Sendable, CustomTestStringConvertible {
        var name: String
        var call: APICall
        var line: String
        var type: String?
        var body: String?
        var testDescription: String { name }
    }

    static let golden: [Golden] = [
        Golden(name: "read a node", call: .readNode("node-a"), line: "GET /api/v1/nodes/node-a"),
        Golden(
            name: "cordon", call: .setUnschedulable(node: "node-a", true), line: "PATCH /api/v1/nodes/node-a",
            type: "application/strategic-merge-patch+json", body: #"{"spec":{"unschedulable":true}}"#),
        Golden(
            name: "uncordon on trial", call: .setUnschedulable(node: "node-a", false, dryRun: true),
            line: "PATCH /api/v1/nodes/node-a?dryRun=All", type: "application/strategic-merge-patch+json",
            body: #"{"spec":{"unschedulable":false}}"#),
        Golden(
            name: "list from the cache", call: .listPods(node: "node-a", .cache()),
            line: "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&resourceVersion=0"
                + "&resourceVersionMatch=NotOlderThan"),
        Golden(
            name: "list from the cache, not older", call: .listPods(node: "node-a", .cache(notBefore: "321")),
            line: "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&resourceVersion=321"
                + "&resourceVersionMatch=NotOlderThan"),
        Golden(
            name: "list consistently in one", call: .listPods(node: "node-a", .consistent(chunkSize: 0)),
            line: "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a"),
        Golden(
            name: "list consistently in pages", call: .listPods(node: "node-a", .consistent(chunkSize: 500)),
            line: "GET /api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&limit=500"),
        Golden(
            name: "evict", call: .evict(pod, DeleteOptions()),
            line: "POST /api/v1/namespaces/demo/pods/web-0/eviction", type: "application/json",
            body: #"{"apiVersion":"policy/v1","deleteOptions":{"preconditions":{"uid":"u-1"}},"kind":"Eviction","#
                + #""metadata":{"name":"web-0","namespace":"demo"}}"#),
        Golden(
            name: "evict with everything", call: .evict(pod, DeleteOptions(gracePeriodSeconds: 0, dryRun: true)),
            line: "POST /api/v1/namespaces/demo/pods/web-0/eviction", type: "application/json",
            body: #"{"apiVersion":"policy/v1","deleteOptions":{"dryRun":["All"],"gracePeriodSeconds":0,"#
                + #""preconditions":{"uid":"u-1"}},"kind":"Eviction","metadata":{"name":"web-0","namespace":"demo"}}"#),
        Golden(
            name: "delete", call: .deletePod(pod, DeleteOptions(gracePeriodSeconds: 30)),
            line: "DELETE /api/v1/namespaces/demo/pods/web-0", type: "application/json",
            body: #"{"apiVersion":"v1","gracePeriodSeconds":30,"kind":"DeleteOptions","preconditions":{"uid":"u-1"}}"#),
        Golden(
            name: "read a DaemonSet", call: .readDaemonSet(namespace: "kube-system", name: "proxy"),
            line: "GET /apis/apps/v1/namespaces/kube-system/daemonsets/proxy"),
        Golden(
            name: "read a pod", call: .readPod(namespace: "demo", name: "web-0"),
            line: "GET /api/v1/namespaces/demo/pods/web-0"),
        Golden(
            name: "may we evict", call: .mayEvict(namespace: "demo"),
            line: "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", type: "application/json",
            body: #"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":"#
                + #"{"resourceAttributes":{"namespace":"demo","resource":"pods","subresource":"eviction","#
                + #""verb":"create"}}}"#),
        Golden(
            name: "may we delete", call: .mayEvict(namespace: "demo", byDelete: true),
            line: "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", type: "application/json",
            body: #"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":"#
                + #"{"resourceAttributes":{"namespace":"demo","resource":"pods","verb":"delete"}}}"#),
        Golden(
            name: "who are we", call: .whoAmI, line: "POST /apis/authentication.k8s.io/v1/selfsubjectreviews",
            type: "application/json",
            body: #"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#),
        Golden(name: "version", call: .version, line: "GET /version"),
    ]

    @Test("every call has its bytes", arguments: golden)
    func wire(golden: Golden) {
        let wire = golden.call.wire()
        #expect("\(wire.method) \(wire.target)" == golden.line)
        #expect(wire.contentType == golden.type)
        #expect(wire.body.map { String(decoding: $0, as: UTF8.self) } == golden.body)
        #expect(wire.method == golden.call.shape.method)
        #expect(wire.template == golden.call.shape.template)
    }

    @Test("an old server gets its evictions as v1beta1")
    func v1beta1() throws {
        let body = try #require(APICall.evict(Self.pod, DeleteOptions()).wire(eviction: .v1beta1).body)
        #expect(String(decoding: body, as: UTF8.self).hasPrefix(#"{"apiVersion":"policy/v1beta1","#))
    }

    @Test("a page token goes on with a list, and with nothing else")
    func continuing() {
        let list = APICall.listPods(node: "n", .consistent(chunkSize: 2)).wire(continuing: "a/b+c=")
        #expect(list.target == "/api/v1/pods?fieldSelector=spec.nodeName%3Dn&limit=2&continue=a%2Fb%2Bc%3D")
        #expect(APICall.version.wire(continuing: "token").target == "/version")
        #expect(!APICall.listPods(node: "n", .cache()).wire(continuing: "token").target.contains("token"))
    }

    @Test("a name cannot leave its place in the path")
    func escaping() {
        #expect(APICall.readNode("../a b?c#d%/ä").wire().target == "/api/v1/nodes/..%2Fa%20b%3Fc%23d%25%2F%C3%A4")
        let pod = PodIdentity(namespace: "a/b", name: "c/../d", uid: "\"")
        let wire = APICall.deletePod(pod, DeleteOptions()).wire()
        #expect(wire.target == "/api/v1/namespaces/a%2Fb/pods/c%2F..%2Fd")
        #expect(wire.body.map { String(decoding: $0, as: UTF8.self).contains(#"{"uid":"\""}"#) } == true)
    }

    @Test("a watch asks for bookmarks and for its end")
    func watch() {
        let wire = WatchRequest(.pods(node: "node-a"), resourceVersion: "321", timeoutSeconds: 300).wire
        #expect(
            wire
                == WireRequest(
                    method: "GET",
                    target: "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&watch=1&allowWatchBookmarks=true"
                        + "&resourceVersion=321&timeoutSeconds=300",
                    template: "/api/v1/pods"))
    }

    @Test("every call has its word in the metrics")
    func operations() {
        let words = Self.golden.map { "\($0.name): \($0.call.operation.rawValue)" }
        #expect(
            words == [
                "read a node: read", "cordon: write", "uncordon on trial: write", "list from the cache: list",
                "list from the cache, not older: list", "list consistently in one: list",
                "list consistently in pages: list", "evict: evict", "evict with everything: evict", "delete: evict",
                "read a DaemonSet: read", "read a pod: read", "may we evict: read", "may we delete: read",
                "who are we: read",
                "version: read",
            ])
    }
}
