/// What a group version serves (`GET /api/v1`): the part that says how evictions are written.
public struct APIResourceList: Decodable, Sendable, Equatable {
    public struct Resource: Decodable, Sendable, Equatable {
        public var name: String
        /// Empty: the group of the list.
        public var group: String
        /// Empty: the version of the list.
        public var version: String

        private enum CodingKeys: String, CodingKey { case name, group, version }

        public init(name: String, group: String = "", version: String = "") {
            self.name = name
            self.group = group
            self.version = version
        }

        public init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            name = try object.decode(String.self, forKey: .name)
            group = try object.decodeIfPresent(String.self, forKey: .group) ?? ""
            version = try object.decodeIfPresent(String.self, forKey: .version) ?? ""
        }
    }

    public var resources: [Resource]

    public init(resources: [Resource]) { self.resources = resources }

    /// How the server wants its evictions written; `nil`: it serves none.
    ///
    /// Kubernetes has named the group and version since 1.5; a server that names none predates `policy/v1`.
    public var evictionVersion: PolicyVersion? {
        guard let eviction = resources.first(where: { $0.name == "pods/eviction" }) else { return nil }
        return eviction.group == "policy" && eviction.version == "v1" ? .v1 : .v1beta1
    }
}
