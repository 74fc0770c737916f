internal import ClusterModel

/// What an address under `/api/v1` or `/apis/GROUP/v1` names.
struct ResourcePath: Equatable {
    var resource: ResourceKind
    var namespace: String?
    var name: String?
    var subresource: String?

    /// `nil`: nothing that is served.
    init?(_ path: [String]) {
        let (groupVersion, rest): (String, ArraySlice<String>) =
            switch path.first {
            case "api" where path.count > 2: (path[1], path[2...])
            case "apis" where path.count > 3: ("\(path[1])/\(path[2])", path[3...])
            default: ("", [])
            }
        var parts = Array(rest)
        if parts.first == "namespaces", parts.count > 2 {
            namespace = parts[1]
            parts.removeFirst(2)
        }
        guard let first = parts.first, let resource = ResourceKind(rawValue: first), parts.count <= 3,
            resource.groupVersion == groupVersion, resource.isNamespaced || namespace == nil
        else { return nil }
        self.resource = resource
        name = parts.count > 1 ? parts[1] : nil
        subresource = parts.count > 2 ? parts[2] : nil
    }
}
