/// How the API server says no (and, to a write, sometimes yes).
public struct Status: Codable, Sendable, Equatable {
    public var code: Int
    public var reason: String
    public var message: String
    public var details: Details

    public struct Details: Codable, Sendable, Equatable {
        public var kind: String
        public var name: String
        public var causes: [Cause]
        public var retryAfterSeconds: Int64

        public init(kind: String = "", name: String = "", causes: [Cause] = [], retryAfterSeconds: Int64 = 0) {
            self.kind = kind
            self.name = name
            self.causes = causes
            self.retryAfterSeconds = retryAfterSeconds
        }

        public init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            kind = try object.decodeIfPresent(String.self, forKey: .kind) ?? ""
            name = try object.decodeIfPresent(String.self, forKey: .name) ?? ""
            causes = try object.decodeIfPresent([Cause].self, forKey: .causes) ?? []
            retryAfterSeconds = try object.decodeIfPresent(Int64.self, forKey: .retryAfterSeconds) ?? 0
        }
    }

    public struct Cause: Codable, Sendable, Equatable {
        public var reason: String
        public var message: String

        public init(reason: String, message: String = "") {
            self.reason = reason
            self.message = message
        }

        public init(from decoder: any Decoder) throws {
            let object = try decoder.container(keyedBy: CodingKeys.self)
            reason = try object.decodeIfPresent(String.self, forKey: .reason) ?? ""
            message = try object.decodeIfPresent(String.self, forKey: .message) ?? ""
        }
    }

    public init(code: Int, reason: String = "", message: String = "", details: Details = Details()) {
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details
    }

    public init(from decoder: any Decoder) throws {
        let object = try decoder.container(keyedBy: CodingKeys.self)
        code = try object.decodeIfPresent(Int.self, forKey: .code) ?? 0
        reason = try object.decodeIfPresent(String.self, forKey: .reason) ?? ""
        message = try object.decodeIfPresent(String.self, forKey: .message) ?? ""
        details = try object.decodeIfPresent(Details.self, forKey: .details) ?? Details()
    }

    /// The cause with this reason, if the server named one.
    public func cause(_ reason: String) -> Cause? { details.causes.first { $0.reason == reason } }
}
