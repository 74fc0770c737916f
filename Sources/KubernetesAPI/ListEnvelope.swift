/// A list without its items: what `ItemSplitter` leaves.
public struct ListEnvelope: Decodable, Sendable, Equatable {
    public var resourceVersion: String
    /// The token of the next page; empty after the last.
    public var next: String

    private enum CodingKeys: String, CodingKey { case metadata }
    private enum MetadataKeys: String, CodingKey {
        case resourceVersion
        case next = "continue"
    }

    public init(resourceVersion: String, next: String = "") {
        self.resourceVersion = resourceVersion
        self.next = next
    }

    public init(from decoder: any Decoder) throws {
        let list = try decoder.container(keyedBy: CodingKeys.self)
        let metadata = try list.nestedContainer(keyedBy: MetadataKeys.self, forKey: .metadata)
        resourceVersion = try metadata.decode(String.self, forKey: .resourceVersion)
        next = try metadata.decodeIfPresent(String.self, forKey: .next) ?? ""
    }
}
