internal import FoundationEssentials

/// A request that a real API server got, and its answer.
public struct WireFixture: Decodable, Sendable {
    public struct Request: Decodable, Sendable {
        public var method: String
        /// With its query.
        public var path: String
        public var contentType: String?
        public var body: JSONValue?
    }

    public var request: Request
    public var status: Int
    public var headers: [String: String]
    /// For a watch an array: its lines.
    public var body: JSONValue

    /// Tests/Fixtures/wire/`name`.json
    public static func named(_ name: String) throws -> WireFixture {
        try JSONDecoder().decode(WireFixture.self, from: Data(Fixtures.bytes("wire/\(name).json")))
    }

    /// The names of all of them.
    public static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(Fixtures.root)/Tests/Fixtures/wire")) ?? []
        return files.filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
    }()

    /// The body as it came: one JSON document, or a watch's lines.
    public func bodyBytes() throws -> [UInt8] {
        guard case .array(let lines) = body else { return try Self.encode(body) }
        return try lines.flatMap { try Self.encode($0) + [UInt8(ascii: "\n")] }
    }

    public static func encode(_ value: JSONValue) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}
