/// A request as it goes on the wire.
public struct WireRequest: Sendable, Equatable {
    public var method: String
    /// Path and query, percent-encoded.
    public var target: String
    /// The path with its variables named: a span attribute of few values.
    public var template: String
    public var contentType: String?
    public var body: [UInt8]?

    public init(method: String, target: String, template: String, contentType: String? = nil, body: [UInt8]? = nil) {
        self.method = method
        self.target = target
        self.template = template
        self.contentType = contentType
        self.body = body
    }
}

/// Which version of the policy group: evictions are `policy/v1` since Kubernetes 1.22, budgets since 1.21.
public enum PolicyVersion: String, Sendable {
    case v1 = "policy/v1"
    case v1beta1 = "policy/v1beta1"
}

extension APICall {
    /// The method and template; known before any server is.
    public var shape: (method: String, template: String) {
        switch self {
        case .readNode: ("GET", "/api/v1/nodes/{name}")
        case .patchNode: ("PATCH", "/api/v1/nodes/{name}")
        case .setNodeConditions: ("PATCH", "/api/v1/nodes/{name}/status")
        case .listPods: ("GET", "/api/v1/pods")
        case .listSelectedPods: ("GET", "/api/v1/namespaces/{namespace}/pods")
        case .listBudgets(nil, _): ("GET", "/apis/{policy}/poddisruptionbudgets")
        case .listBudgets: ("GET", "/apis/{policy}/namespaces/{namespace}/poddisruptionbudgets")
        case .readWorkload(let key): ("GET", Self.collection(key.kind) + "/{name}")
        case .restartRollout(let key, _): ("PATCH", Self.collection(key.kind) + "/{name}")
        case .createEvent: ("POST", "/api/v1/namespaces/{namespace}/events")
        case .repeatEvent: ("PATCH", "/api/v1/namespaces/{namespace}/events/{name}")
        case .listLeases: ("GET", Self.leases)
        case .createLease: ("POST", Self.leases)
        case .replaceLease: ("PUT", Self.leases + "/{name}")
        case .deleteLease: ("DELETE", Self.leases + "/{name}")
        case .listVolumeAttachments: ("GET", "/apis/storage.k8s.io/v1/volumeattachments")
        case .evict: ("POST", "/api/v1/namespaces/{namespace}/pods/{name}/eviction")
        case .deletePod: ("DELETE", "/api/v1/namespaces/{namespace}/pods/{name}")
        case .readDaemonSet: ("GET", "/apis/apps/v1/namespaces/{namespace}/daemonsets/{name}")
        case .readPod: ("GET", "/api/v1/namespaces/{namespace}/pods/{name}")
        case .mayEvict: ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        case .whoAmI: ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews")
        case .version: ("GET", "/version")
        }
    }

    /// The bytes to send. `continuing` is a page token of the same list.
    public func wire(
        eviction: PolicyVersion = .v1, budgets: PolicyVersion = .v1, continuing: String? = nil
    ) -> WireRequest {
        let body = body(eviction: eviction)
        return WireRequest(
            method: shape.method, target: path(budgets: budgets) + Self.query(parameters(continuing: continuing)),
            template: shape.template, contentType: body?.type, body: body?.bytes)
    }

    private func path(budgets: PolicyVersion) -> String {
        let subject = subject
        return shape.template.split(separator: "/", omittingEmptySubsequences: false).map { part in
            switch part {
            case "{namespace}": Self.escape(subject.namespace)
            case "{name}": Self.escape(subject.name)
            case "{policy}": budgets.rawValue
            default: String(part)
            }
        }.joined(separator: "/")
    }

    /// What the template's variables stand for.
    private var subject: (namespace: String, name: String) {
        switch self {
        case .readNode(let name), .patchNode(let name, _, _), .setNodeConditions(let name, _): ("", name)
        case .evict(let pod, _), .deletePod(let pod, _): (pod.namespace, pod.name)
        case .readPod(let namespace, let name), .readDaemonSet(let namespace, let name): (namespace, name)
        case .readWorkload(let key), .restartRollout(let key, _): (key.namespace, key.name)
        case .createEvent(let event), .repeatEvent(let event): (event.namespace, event.name)
        case .createLease(let lease), .replaceLease(let lease), .deleteLease(let lease):
            (lease.metadata.namespace, lease.metadata.name)
        case .listLeases(let namespace), .listSelectedPods(let namespace, _): (namespace, "")
        case .listBudgets(let namespace, _): (namespace ?? "", "")
        case .listPods, .listVolumeAttachments, .mayEvict, .whoAmI, .version: ("", "")
        }
    }

    private func parameters(continuing: String?) -> [(String, String)] {
        switch self {
        case .listPods(let node, let source):
            [("fieldSelector", "spec.nodeName=\(node)")] + Self.parameters(source, continuing: continuing)
        case .listBudgets(_, let source): Self.parameters(source, continuing: continuing)
        case .listSelectedPods(_, let selector):
            [("labelSelector", "\(selector)")] + Self.parameters(.cache(), continuing: nil)
        case .listLeases: [("labelSelector", "\(Lease.label.key)=\(Lease.label.value)")]
        case .listVolumeAttachments: Self.parameters(.cache(), continuing: nil)
        case .patchNode(_, _, dryRun: true): [("dryRun", "All")]
        default: []
        }
    }

    private static func parameters(_ source: ListSource, continuing: String?) -> [(String, String)] {
        switch source {
        case .cache(let notBefore):
            [("resourceVersion", notBefore ?? "0"), ("resourceVersionMatch", "NotOlderThan")]
        case .consistent(let chunkSize):
            (chunkSize > 0 ? [("limit", String(chunkSize))] : []) + (continuing.map { [("continue", $0)] } ?? [])
        }
    }

    private static func collection(_ kind: Workload.Kind) -> String {
        switch kind {
        case .deployment: "/apis/apps/v1/namespaces/{namespace}/deployments"
        case .replicaSet: "/apis/apps/v1/namespaces/{namespace}/replicasets"
        case .statefulSet: "/apis/apps/v1/namespaces/{namespace}/statefulsets"
        case .replicationController: "/api/v1/namespaces/{namespace}/replicationcontrollers"
        }
    }

    private static let leases = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"

    static func query(_ parameters: [(String, String)]) -> String {
        guard !parameters.isEmpty else { return "" }
        return "?" + parameters.map { "\(escape($0.0))=\(escape($0.1))" }.joined(separator: "&")
    }

    /// Percent-encodes everything but RFC 3986's unreserved characters.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                escaped += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped
    }
}
