internal import ClusterModel

/// What the server says it serves.
enum Discovery {
    private static let groups: [(name: String, version: String)] = [
        ("apps", "v1"), ("authentication.k8s.io", "v1"), ("authorization.k8s.io", "v1"), ("batch", "v1"),
        ("coordination.k8s.io", "v1"), ("policy", "v1"), ("storage.k8s.io", "v1"),
    ]

    static let version: JSON = [
        "major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36", "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "35", "gitVersion": "v1.36.2", "gitCommit": "", "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z", "goVersion": "go1.26.6", "compiler": "gc", "platform": "linux/amd64",
    ]

    static let core: JSON = [
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [["clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"]],
    ]

    static var groupList: JSON {
        ["kind": "APIGroupList", "apiVersion": "v1", "groups": .array(groups.map { group($0.name, $0.version) })]
    }

    static func group(_ name: String) -> JSON? {
        guard let found = groups.first(where: { $0.name == name }) else { return nil }
        guard case .object(let members) = group(found.name, found.version) else { return nil }
        return .object([.init(name: "kind", value: "APIGroup"), .init(name: "apiVersion", value: "v1")] + members)
    }

    private static func group(_ name: String, _ version: String) -> JSON {
        let preferred: JSON = ["groupVersion": .string("\(name)/\(version)"), "version": .string(version)]
        return ["name": .string(name), "versions": [preferred], "preferredVersion": preferred]
    }

    /// The resources of a group and version, `v1` for the core; `nil` where there is no such group.
    static func resources(of groupVersion: String) -> JSON? {
        var resources: [JSON]
        switch groupVersion {
        case "authorization.k8s.io/v1": resources = [review("selfsubjectaccessreviews", "SelfSubjectAccessReview")]
        case "authentication.k8s.io/v1": resources = [review("selfsubjectreviews", "SelfSubjectReview")]
        default:
            let kinds = ResourceKind.allCases.filter { $0.groupVersion == groupVersion }
            guard !kinds.isEmpty else { return nil }
            resources = kinds.flatMap(entries)
        }
        return [
            "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": .string(groupVersion),
            "resources": .array(resources),
        ]
    }

    private static func entries(_ resource: ResourceKind) -> [JSON] {
        var entry: JSON = [
            "name": .string(resource.rawValue), "singularName": .string(resource.kind.lowercased()),
            "namespaced": .bool(resource.isNamespaced), "kind": .string(resource.kind),
            "verbs": .array(verbs(resource).map(JSON.string)),
        ]
        entry.add("shortNames", shortName(resource).map { [.string($0)] })
        entry.add("categories", resource.group == "apps" || resource == .pods || resource == .jobs ? ["all"] : nil)
        switch resource {
        case .pods: return [entry, eviction]
        case .deployments, .replicaSets, .statefulSets: return [entry, scale(resource)]
        default: return [entry]
        }
    }

    private static let eviction: JSON = [
        "name": "pods/eviction", "singularName": "", "namespaced": true, "group": "policy", "version": "v1",
        "kind": "Eviction", "verbs": ["create"],
    ]

    private static func scale(_ resource: ResourceKind) -> JSON {
        [
            "name": .string("\(resource.rawValue)/scale"), "singularName": "", "namespaced": true,
            "group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"],
        ]
    }

    private static func review(_ name: String, _ kind: String) -> JSON {
        ["name": .string(name), "singularName": "", "namespaced": false, "kind": .string(kind), "verbs": ["create"]]
    }

    private static func verbs(_ resource: ResourceKind) -> [String] {
        switch resource {
        case .pods: ["delete", "get", "list", "watch"]
        case .nodes: ["get", "list", "patch", "watch"]
        case .budgets: ["delete", "get", "list", "patch", "watch"]
        case .events: ["create", "get", "list", "patch"]
        case .leases: ["create", "delete", "get", "list", "update", "watch"]
        case .deployments: ["get", "list", "patch", "watch"]
        case .namespaces, .jobs, .replicaSets, .statefulSets, .daemonSets, .replicationControllers,
            .volumeAttachments:
            ["get", "list", "watch"]
        }
    }

    private static func shortName(_ resource: ResourceKind) -> String? {
        switch resource {
        case .nodes: "no"
        case .pods: "po"
        case .namespaces: "ns"
        case .events: "ev"
        case .budgets: "pdb"
        case .deployments: "deploy"
        case .replicaSets: "rs"
        case .statefulSets: "sts"
        case .daemonSets: "ds"
        case .replicationControllers: "rc"
        case .jobs, .leases, .volumeAttachments: nil
        }
    }
}
