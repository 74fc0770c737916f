import KubernetesAPI
import Testing
import Timestamps

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
            type: "application/merge-patch+json", body: #"{"spec":{"unschedulable":true}}"#),
        Golden(
            name: "uncordon on trial", call: .setUnschedulable(node: "node-a", false, dryRun: true),
            line: "PATCH /api/v1/nodes/node-a?dryRun=All", type: "application/merge-patch+json",
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
        Golden(
            name: "mark a node", call: .patchNode("node-a", NodePatch(annotations: ["a.dev/b": "x", "a.dev/c": nil])),
            line: "PATCH /api/v1/nodes/node-a", type: "application/merge-patch+json",
            body: #"{"metadata":{"annotations":{"a.dev/b":"x","a.dev/c":null}}}"#),
        Golden(
            name: "a node's condition",
            call: .setNodeConditions(
                "node-a",
                [Condition(type: "Drained", status: "False", reason: "R", message: "m", lastTransitionTime: moment)]),
            line: "PATCH /api/v1/nodes/node-a/status", type: "application/strategic-merge-patch+json",
            body: #"{"status":{"conditions":[{"lastHeartbeatTime":"2027-01-15T08:00:00Z","#
                + #""lastTransitionTime":"2027-01-15T08:00:00Z","message":"m","reason":"R","status":"False","#
                + #""type":"Drained"}]}}"#),
        Golden(
            name: "pods that a selector selects",
            call: .listSelectedPods(
                namespace: "demo", LabelSelector([.isIn(key: "app", values: ["web"]), .absent(key: "old")])),
            line: "GET /api/v1/namespaces/demo/pods?labelSelector=app%3Dweb%2C%21old&resourceVersion=0"
                + "&resourceVersionMatch=NotOlderThan"),
        Golden(
            name: "budgets of a namespace", call: .listBudgets(namespace: "demo", .cache()),
            line: "GET /apis/policy/v1/namespaces/demo/poddisruptionbudgets?resourceVersion=0"
                + "&resourceVersionMatch=NotOlderThan"),
        Golden(
            name: "all budgets in pages", call: .listBudgets(namespace: nil, .consistent(chunkSize: 500)),
            line: "GET /apis/policy/v1/poddisruptionbudgets?limit=500"),
        Golden(
            name: "read a Deployment", call: .readWorkload(key(.deployment)),
            line: "GET /apis/apps/v1/namespaces/demo/deployments/web"),
        Golden(
            name: "read a ReplicaSet", call: .readWorkload(key(.replicaSet)),
            line: "GET /apis/apps/v1/namespaces/demo/replicasets/web"),
        Golden(
            name: "read a StatefulSet", call: .readWorkload(key(.statefulSet)),
            line: "GET /apis/apps/v1/namespaces/demo/statefulsets/web"),
        Golden(
            name: "read a ReplicationController", call: .readWorkload(key(.replicationController)),
            line: "GET /api/v1/namespaces/demo/replicationcontrollers/web"),
        Golden(
            name: "restart a rollout", call: .restartRollout(key(.deployment), at: moment),
            line: "PATCH /apis/apps/v1/namespaces/demo/deployments/web",
            type: "application/strategic-merge-patch+json",
            body: #"{"spec":{"template":{"metadata":{"annotations":{"#
                + #""kubectl.kubernetes.io/restartedAt":"2027-01-15T08:00:00Z"}}}}}"#),
        Golden(
            name: "an Event of a node", call: .createEvent(event(.node("node-a"))),
            line: "POST /api/v1/namespaces/default/events", type: "application/json",
            body: #"{"apiVersion":"v1","count":3,"firstTimestamp":"2027-01-15T08:00:00Z","involvedObject":{"#
                + #""apiVersion":"v1","kind":"Node","name":"node-a","uid":"node-a"},"kind":"Event","#
                + #""lastTimestamp":"2027-01-15T08:01:00Z","message":"m","metadata":{"name":"e.1","#
                + #""namespace":"default"},"reason":"DrainBlocked","source":{"component":"drain-agent"},"#
                + #""type":"Warning"}"#),
        Golden(
            name: "an Event of a pod", call: .createEvent(event(.pod(pod))),
            line: "POST /api/v1/namespaces/demo/events", type: "application/json",
            body: #"{"apiVersion":"v1","count":3,"firstTimestamp":"2027-01-15T08:00:00Z","involvedObject":{"#
                + #""apiVersion":"v1","kind":"Pod","name":"web-0","namespace":"demo","uid":"u-1"},"kind":"Event","#
                + #""lastTimestamp":"2027-01-15T08:01:00Z","message":"m","metadata":{"name":"e.1","#
                + #""namespace":"demo"},"reason":"DrainBlocked","source":{"component":"drain-agent"},"#
                + #""type":"Warning"}"#),
        Golden(
            name: "the same Event again", call: .repeatEvent(event(.pod(pod))),
            line: "PATCH /api/v1/namespaces/demo/events/e.1", type: "application/strategic-merge-patch+json",
            body: #"{"count":3,"lastTimestamp":"2027-01-15T08:01:00Z","message":"m"}"#),
        Golden(
            name: "Leases", call: .listLeases(namespace: "ops"),
            line: "GET /apis/coordination.k8s.io/v1/namespaces/ops/leases"
                + "?labelSelector=app.kubernetes.io%2Fmanaged-by%3Ddrain-agent"),
        Golden(
            name: "take a Lease", call: .createLease(lease()),
            line: "POST /apis/coordination.k8s.io/v1/namespaces/ops/leases", type: "application/json",
            body: leaseBody(version: "")),
        Golden(
            name: "keep a Lease", call: .replaceLease(lease(version: "7")),
            line: "PUT /apis/coordination.k8s.io/v1/namespaces/ops/leases/slot-0", type: "application/json",
            body: leaseBody(version: #","resourceVersion":"7""#)),
        Golden(
            name: "give a Lease back", call: .deleteLease(lease(version: "7")),
            line: "DELETE /apis/coordination.k8s.io/v1/namespaces/ops/leases/slot-0", type: "application/json",
            body: #"{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"resourceVersion":"7"}}"#),
        Golden(
            name: "volume attachments", call: .listVolumeAttachments,
            line: "GET /apis/storage.k8s.io/v1/volumeattachments?resourceVersion=0"
                + "&resourceVersionMatch=NotOlderThan"),
    ]

    private static let moment = Timestamp(seconds: 1_800_000_000)

    private static func key(_ kind: Workload.Kind) -> Workload.Key {
        Workload.Key(kind: kind, namespace: "demo", name: "web")
    }

    private static func event(_ subject: ClusterEvent.Subject) -> ClusterEvent {
        ClusterEvent(
            subject: subject, name: "e.1", reason: "DrainBlocked", message: "m", level: .warning, count: 3,
            firstSeen: moment, lastSeen: moment + .seconds(60))
    }

    private static func lease(version: String = "") -> Lease {
        Lease(
            metadata: ObjectMeta(name: "slot-0", namespace: "ops", resourceVersion: version, labels: ["a": "b"]),
            spec: Lease.Spec(
                holderIdentity: "node-a", leaseDurationSeconds: 60, acquireTime: moment,
                renewTime: moment + .microseconds(1), leaseTransitions: 2))
    }

    private static func leaseBody(version: String) -> String {
        #"{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"labels":{"a":"b","#
            + #""app.kubernetes.io/managed-by":"drain-agent"},"name":"slot-0","namespace":"ops"\#(version)},"spec":{"#
            + #""acquireTime":"2027-01-15T08:00:00.000000Z","holderIdentity":"node-a","leaseDurationSeconds":60,"#
            + #""leaseTransitions":2,"renewTime":"2027-01-15T08:00:00.000001Z"}}"#
    }

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

    @Test("an old server has its budgets in v1beta1, listed and watched")
    func budgets() {
        let list = APICall.listBudgets(namespace: nil, .consistent(chunkSize: 0)).wire(budgets: .v1beta1)
        #expect(list.target == "/apis/policy/v1beta1/poddisruptionbudgets")
        let watch = WatchRequest(.budgets(namespace: "demo"), resourceVersion: "5", timeoutSeconds: 60)
        #expect(
            watch.wire(budgets: .v1beta1).target == "/apis/policy/v1beta1/namespaces/demo/poddisruptionbudgets"
                + "?watch=1&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=60")
        #expect(watch.wire().template == "/apis/{policy}/namespaces/{namespace}/poddisruptionbudgets")
    }

    @Test("a node is watched by its name")
    func nodeWatch() {
        let watch = WatchRequest(.node("node-a"), resourceVersion: "5", timeoutSeconds: 60)
        #expect(
            watch.wire().target == "/api/v1/nodes?fieldSelector=metadata.name%3Dnode-a&watch=1"
                + "&allowWatchBookmarks=true&resourceVersion=5&timeoutSeconds=60")
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
        let wire = WatchRequest(.pods(node: "node-a"), resourceVersion: "321", timeoutSeconds: 300).wire()
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
                "who are we: read", "version: read", "mark a node: write", "a node's condition: write",
                "pods that a selector selects: list", "budgets of a namespace: list", "all budgets in pages: list",
                "read a Deployment: read", "read a ReplicaSet: read", "read a StatefulSet: read",
                "read a ReplicationController: read", "restart a rollout: write", "an Event of a node: write",
                "an Event of a pod: write", "the same Event again: write", "Leases: lease", "take a Lease: lease",
                "keep a Lease: lease", "give a Lease back: lease", "volume attachments: list",
            ])
    }
}
