internal import FoundationEssentials

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

/// Which group serves evictions: `policy/v1` since Kubernetes 1.22, `policy/v1beta1` before.
public enum EvictionVersion: String, Sendable {
    case v1 = "policy/v1"
    case v1beta1 = "policy/v1beta1"
}

extension APICall {
    /// The method and template; known before any server is.
    public var shape: (method: String, template: String) {
        switch self {
        case .readNode: ("GET", "/api/v1/nodes/{name}")
        case .setUnschedulable: ("PATCH", "/api/v1/nodes/{name}")
        case .listPods: ("GET", "/api/v1/pods")
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
    public func wire(eviction: EvictionVersion = .v1, continuing: String? = nil) -> WireRequest {
        var request = WireRequest(method: shape.method, target: path, template: shape.template)
        request.target += Self.query(parameters(continuing: continuing))
        switch self {
        case .setUnschedulable(_, let unschedulable, _):
            request.contentType = "application/strategic-merge-patch+json"
            request.body = Self.json(NodePatch(spec: .init(unschedulable: unschedulable)))
        case .evict(let pod, let options):
            request.contentType = "application/json"
            request.body = Self.json(
                Eviction(
                    apiVersion: eviction.rawValue, pod: pod, deleteOptions: DeleteOptionsBody(options, uid: pod.uid)))
        case .deletePod(let pod, let options):
            request.contentType = "application/json"
            var body = DeleteOptionsBody(options, uid: pod.uid)
            body.apiVersion = "v1"
            body.kind = "DeleteOptions"
            request.body = Self.json(body)
        case .mayEvict(let namespace, let byDelete):
            request.contentType = "application/json"
            request.body = Self.json(AccessReview(namespace: namespace, byDelete: byDelete))
        case .whoAmI:
            request.contentType = "application/json"
            request.body = Array(#"{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}"#.utf8)
        case .readNode, .listPods, .readDaemonSet, .readPod, .version: break
        }
        return request
    }

    private var path: String {
        switch self {
        case .readNode(let name), .setUnschedulable(let name, _, _): "/api/v1/nodes/\(Self.escape(name))"
        case .evict(let pod, _): Self.path(ofPod: pod.name, in: pod.namespace) + "/eviction"
        case .deletePod(let pod, _): Self.path(ofPod: pod.name, in: pod.namespace)
        case .readPod(let namespace, let name): Self.path(ofPod: name, in: namespace)
        case .readDaemonSet(let namespace, let name):
            "/apis/apps/v1/namespaces/\(Self.escape(namespace))/daemonsets/\(Self.escape(name))"
        case .listPods, .mayEvict, .whoAmI, .version: shape.template
        }
    }

    private func parameters(continuing: String?) -> [(String, String)] {
        switch self {
        case .listPods(let node, .cache(let notBefore)):
            return [
                ("fieldSelector", "spec.nodeName=\(node)"), ("resourceVersion", notBefore ?? "0"),
                ("resourceVersionMatch", "NotOlderThan"),
            ]
        case .listPods(let node, .consistent(let chunkSize)):
            return [("fieldSelector", "spec.nodeName=\(node)")]
                + (chunkSize > 0 ? [("limit", String(chunkSize))] : [])
                + (continuing.map { [("continue", $0)] } ?? [])
        case .setUnschedulable(_, _, dryRun: true): return [("dryRun", "All")]
        default: return []
        }
    }

    private static func path(ofPod name: String, in namespace: String) -> String {
        "/api/v1/namespaces/\(escape(namespace))/pods/\(escape(name))"
    }

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

    private static func json(_ body: some Encodable) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(body)) } catch {
            preconditionFailure("a request body of strings, numbers and flags always encodes: \(error)")
        }
    }
}

private struct NodePatch: Encodable {
    struct Spec: Encodable { var unschedulable: Bool }
    var spec: Spec
}

private struct Eviction: Encodable {
    struct Meta: Encodable {
        var name: String
        var namespace: String
    }
    var apiVersion: String
    var kind = "Eviction"
    var metadata: Meta
    var deleteOptions: DeleteOptionsBody

    init(apiVersion: String, pod: PodIdentity, deleteOptions: DeleteOptionsBody) {
        self.apiVersion = apiVersion
        self.metadata = Meta(name: pod.name, namespace: pod.namespace)
        self.deleteOptions = deleteOptions
    }
}

private struct DeleteOptionsBody: Encodable {
    struct Preconditions: Encodable { var uid: String }
    var apiVersion: String?
    var kind: String?
    var gracePeriodSeconds: Int64?
    var preconditions: Preconditions
    var dryRun: [String]?

    init(_ options: DeleteOptions, uid: String) {
        gracePeriodSeconds = options.gracePeriodSeconds
        preconditions = Preconditions(uid: uid)
        dryRun = options.dryRun ? ["All"] : nil
    }
}

private struct AccessReview: Encodable {
    struct Spec: Encodable { var resourceAttributes: Attributes }
    struct Attributes: Encodable {
        var namespace: String
        var verb: String
        var resource = "pods"
        var subresource: String?
    }
    var apiVersion = "authorization.k8s.io/v1"
    var kind = "SelfSubjectAccessReview"
    var spec: Spec

    init(namespace: String, byDelete: Bool) {
        spec = Spec(
            resourceAttributes: Attributes(
                namespace: namespace, verb: byDelete ? "delete" : "create", subresource: byDelete ? nil : "eviction"))
    }
}
