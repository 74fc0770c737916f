/// One line of a watch.
public enum WatchEvent<Object: Sendable & Equatable>: Sendable, Equatable {
    case added(Object)
    case modified(Object)
    case deleted(Object)
    /// Nothing changed up to this version.
    case bookmark(resourceVersion: String)
    /// The server gives up on this watch; 410: list again.
    case error(Status)
}

extension WatchEvent {
    public func map<Other>(_ transform: (Object) -> Other) -> WatchEvent<Other> {
        switch self {
        case .added(let object): .added(transform(object))
        case .modified(let object): .modified(transform(object))
        case .deleted(let object): .deleted(transform(object))
        case .bookmark(let version): .bookmark(resourceVersion: version)
        case .error(let status): .error(status)
        }
    }
}

extension WatchEvent: Decodable where Object: Decodable {
    private enum CodingKeys: String, CodingKey { case type, object }

    public init(from decoder: any Decoder) throws {
        let line = try decoder.container(keyedBy: CodingKeys.self)
        switch try line.decode(String.self, forKey: .type) {
        case "ADDED": self = .added(try line.decode(Object.self, forKey: .object))
        case "MODIFIED": self = .modified(try line.decode(Object.self, forKey: .object))
        case "DELETED": self = .deleted(try line.decode(Object.self, forKey: .object))
        case "BOOKMARK":
            self = .bookmark(
                resourceVersion: try line.decode(WatchMarker.self, forKey: .object).metadata.resourceVersion)
        case "ERROR": self = .error(try line.decode(Status.self, forKey: .object))
        case let other:
            throw DecodingError.dataCorruptedError(
                forKey: .type, in: line, debugDescription: "unknown watch event \(other)")
        }
    }
}

/// Why a watch was begun again, as the metrics say it.
public enum WatchRestart: String, Sendable, CaseIterable {
    /// 410: our version is too old for the server.
    case expired
    /// The server closed it, as it does every few minutes.
    case closed
    /// Silence, no bookmark: retired by our idle limit.
    case idle
    /// Refused, cut, undecodable, or read too slowly.
    case error
}

/// The object of a bookmark has its version and nothing else.
private struct WatchMarker: Decodable { var metadata: ObjectMeta }
