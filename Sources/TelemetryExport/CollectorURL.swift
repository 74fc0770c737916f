import FoundationEssentials

/// Where spans are posted to.
public struct CollectorURL: Sendable, Equatable, CustomStringConvertible {
    /// All of it, perhaps with a password.
    let text: String
    /// Parts of it that nobody is to read in a log.
    let secrets: [String]
    /// Without what may be secret: user, password and query.
    public let description: String

    /// What collectors listen on where nobody says otherwise.
    static let usual = "http://localhost:4318"

    /// `base` with `/v1/traces` behind it, as OTEL_EXPORTER_OTLP_ENDPOINT means it; `nil`: it is no http or https URL.
    public init?(base: String) {
        self.init(base) { path in
            var path = path[...]
            while path.last == "/" { path.removeLast() }
            return path + "/v1/traces"
        }
    }

    /// The URL as it is, as OTEL_EXPORTER_OTLP_TRACES_ENDPOINT means it.
    public init?(exact: String) { self.init(exact) { $0.isEmpty ? "/" : $0 } }

    private init?(_ text: String, path: (String) -> String) {
        guard var parts = URLComponents(string: text, encodingInvalidCharacters: false),
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
            let host = parts.host, !host.isEmpty, (1...65535).contains(parts.port ?? 80)
        else { return nil }
        parts.percentEncodedPath = path(parts.percentEncodedPath)
        parts.fragment = nil
        guard let whole = parts.string else { return nil }
        self.text = whole
        secrets = [parts.user, parts.password, parts.percentEncodedPassword, parts.query].compactMap { $0 }
        parts.user = nil
        parts.password = nil
        parts.query = nil
        description = parts.string ?? "\(scheme)://\(host)"
    }
}
