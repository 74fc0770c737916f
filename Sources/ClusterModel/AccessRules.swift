/// Who the client is, and what it may not do.
public struct AccessRules: Sendable, Equatable {
    public var username = "system:serviceaccount:kube-system:drain-agent"
    /// The client's pod, as its token names it.
    public var podName: String?
    public var podUID: String?
    public var nodeName: String?
    public var denied: [AccessAttributes] = []

    public init() {}

    public func allows(_ attributes: AccessAttributes) -> Bool {
        !denied.contains { rule in
            rule.verb == attributes.verb && rule.resource == attributes.resource
                && rule.subresource == attributes.subresource
                && (rule.namespace == nil || rule.namespace == attributes.namespace)
        }
    }

    /// The API server's 403.
    func refusal(_ attributes: AccessAttributes) -> APIStatus {
        let resource = attributes.resource
        let full = attributes.subresource.map { "\(resource.rawValue)/\($0)" } ?? resource.rawValue
        let subject =
            attributes.name.isEmpty ? resource.qualifiedName : "\(resource.qualifiedName) \"\(attributes.name)\""
        let scope = attributes.namespace.map { "in the namespace \"\($0)\"" } ?? "at the cluster scope"
        return APIStatus(
            code: 403, reason: "Forbidden",
            message:
                "\(subject) is forbidden: User \"\(username)\" cannot \(attributes.verb) resource \"\(full)\" in API "
                + "group \"\(resource.group)\" \(scope)",
            details: .init(name: attributes.name, group: resource.group, kind: resource.rawValue))
    }
}

/// One thing that may or may not be done.
public struct AccessAttributes: Sendable, Equatable {
    /// `get`, `list`, `watch`, `create`, `patch`, `update` or `delete`.
    public var verb: String
    public var resource: ResourceKind
    public var subresource: String?
    /// In a rule, `nil` is every namespace.
    public var namespace: String?
    public var name: String

    public init(
        _ verb: String, _ resource: ResourceKind, subresource: String? = nil, namespace: String? = nil,
        name: String = ""
    ) {
        self.verb = verb
        self.resource = resource
        self.subresource = subresource
        self.namespace = namespace
        self.name = name
    }
}
