/// An API group (`GET /apis/policy`): which versions of it the server serves.
public struct APIGroup: Decodable, Sendable, Equatable {
    public struct Version: Decodable, Sendable, Equatable {
        public var groupVersion: String

        public init(groupVersion: String) { self.groupVersion = groupVersion }
    }

    public var versions: [Version]

    public init(versions: [Version]) { self.versions = versions }

    /// In which version budgets are read: the newest that both sides know; `nil`: none.
    public var policyVersion: PolicyVersion? {
        [PolicyVersion.v1, .v1beta1].first { wanted in versions.contains { $0.groupVersion == wanted.rawValue } }
    }
}
