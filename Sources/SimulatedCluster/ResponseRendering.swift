internal import ClusterModel
internal import HTTPServer
internal import KubernetesAPI
internal import Timestamps

/// Puts the model's answers on the wire, in the form the client asked for.
struct ResponseRendering: Sendable {
    var wantsTable: Bool
    var included: TableRendering.Included
    /// Asked for the `scale` subresource.
    var wantsScale: Bool

    init(_ request: HTTPServerRequest) {
        wantsTable = request.header("Accept")?.contains("as=Table") ?? false
        included = request.query["includeObject"].flatMap(TableRendering.Included.init) ?? .metadata
        wantsScale = request.path.hasSuffix("/scale")
    }

    func response(to response: ModelResponse, at now: Timestamp) -> HTTPServerResponse {
        let retry = response.retryAfterSeconds.map { [("Retry-After", String($0))] } ?? []
        switch response.answer {
        case .object(let code, let object): return Self.json(code, json(object, at: now), retry)
        case .list(let list): return Self.json(200, json(list, at: now), retry)
        case .status(let status): return Self.json(status.code, status.json, retry)
        case .text(let code, let text):
            return HTTPServerResponse(
                status: code, headers: Self.headers("text/plain; charset=utf-8") + retry, body: .bytes(Array(text.utf8))
            )
        case .allowed(let verdict): return Self.json(201, Self.review(verdict), retry)
        case .identity(let rules): return Self.json(201, Self.review(rules), retry)
        case .version, .watching: return Self.json(200, Discovery.version, retry)
        case .cut: return Self.broken
        }
    }

    private func json(_ object: ClusterObject, at now: Timestamp) -> JSON {
        if wantsScale, case .workload(let view) = object { return view.scale }
        guard wantsTable else { return object.json }
        return TableRendering(resource: object.resource, included: included, now: now)
            .table([object], metadata: ["resourceVersion": .string(object.metadata.resourceVersion)])
    }

    private func json(_ list: ObjectPage, at now: Timestamp) -> JSON {
        var metadata: JSON = ["resourceVersion": .string(list.resourceVersion)]
        metadata.add("continue", list.continueToken.map(JSON.string))
        if wantsTable {
            return TableRendering(resource: list.resource, included: included, now: now)
                .table(list.items, metadata: metadata)
        }
        return [
            "kind": .string(list.resource.kind + "List"), "apiVersion": .string(list.resource.groupVersion),
            "metadata": metadata, "items": .array(list.items.map { .object($0.members) }),
        ]
    }

    /// One line of a watch.
    func line(_ change: ClusterChange.Kind, _ object: ClusterObject, at now: Timestamp) -> [UInt8] {
        Self.line(change.rawValue, json(object, at: now))
    }

    func bookmark(_ resource: ResourceKind, revision: Int) -> [UInt8] {
        let metadata: JSON = ["resourceVersion": .string(String(revision)), "creationTimestamp": .null]
        let object: JSON =
            wantsTable
            ? [
                "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": [],
                "rows": [],
            ]
            : ["kind": .string(resource.kind), "apiVersion": .string(resource.groupVersion), "metadata": metadata]
        return Self.line("BOOKMARK", object)
    }

    static func error(_ status: APIStatus) -> [UInt8] { line("ERROR", status.json) }

    private static func line(_ type: String, _ object: JSON) -> [UInt8] {
        let line: JSON = ["type": .string(type), "object": object]
        return line.bytes + [UInt8(ascii: "\n")]
    }

    static func json(_ code: Int, _ body: JSON, _ headers: [(String, String)] = []) -> HTTPServerResponse {
        HTTPServerResponse(
            status: code, headers: Self.headers("application/json") + headers,
            body: .bytes(body.bytes + [UInt8(ascii: "\n")]))
    }

    static func headers(_ contentType: String) -> [(String, String)] {
        [
            ("Cache-Control", "no-cache, private"), ("Content-Type", contentType),
            ("X-Kubernetes-Pf-Flowschema-Uid", "4154b1f8-5545-4811-b7ea-c618c92a8796"),
        ]
    }

    /// A body that breaks off: a stream that may hold nothing cuts its connection at the first byte.
    private static var broken: HTTPServerResponse {
        let stream = ResponseStream(queueLimit: 0)
        stream.push([UInt8(ascii: "{")])
        return HTTPServerResponse(status: 200, headers: headers("application/json"), body: .stream(stream))
    }

    private static func review(_ verdict: Bool) -> JSON {
        [
            "kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": [:], "spec": [:],
            "status": ["allowed": .bool(verdict)],
        ]
    }

    private static func review(_ rules: AccessRules) -> JSON {
        var user: JSON = ["username": .string(rules.username), "groups": ["system:authenticated"]]
        if let name = rules.podName {
            var extra: JSON = ["authentication.kubernetes.io/pod-name": [.string(name)]]
            extra.add("authentication.kubernetes.io/pod-uid", rules.podUID.map { [.string($0)] })
            extra.add("authentication.kubernetes.io/node-name", rules.nodeName.map { [.string($0)] })
            user.add("extra", extra)
        }
        return [
            "kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": [:],
            "status": ["userInfo": user],
        ]
    }
}
