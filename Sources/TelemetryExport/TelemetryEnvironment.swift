public import Telemetry
import Timestamps

/// What `--otlp-endpoint` and the OTEL_* variables say together: the flag wins.
///
/// A variable that makes no sense is a warning and not an error: telemetry is no reason not to drain.
/// Source: opentelemetry.io/docs/specs/otel, "Environment Variable Specification" and "Protocol Exporter".
public struct TelemetryEnvironment: Sendable {
    /// `nil`: nothing is exported.
    public private(set) var export: ExportSettings?
    /// Attributes of the resource, whatever the sink.
    public private(set) var resource: [(key: String, value: String)] = []
    /// Each names its variable, and no value that may be secret.
    public private(set) var warnings: [String] = []

    private let variables: [String: String]

    /// Nothing is said.
    public init() { variables = [:] }

    /// `endpoint`: the flag's; empty: nothing is exported.
    public init(endpoint: String?, variables: [String: String]) {
        // An empty variable is one that is not set.
        self.variables = variables.filter { !$0.value.isEmpty }
        readResource()
        guard let url = destination(endpoint) else { return }
        var settings = ExportSettings(url: url)
        settings.headers = headers()
        settings.certificate = traces("CERTIFICATE")?.value
        settings.clientKey = traces("CLIENT_KEY")?.value
        settings.clientCertificate = traces("CLIENT_CERTIFICATE")?.value
        settings.timeout = timeout() ?? settings.timeout
        settings.compresses = compresses()
        warnOfProtocol()
        export = settings
    }

    /// `own` with the environment's words: what we know for a fact stays.
    public func resource(
        over own: [(String, AttributeValue)], facts: Set<String>
    ) -> [(String, AttributeValue)] {
        let said = Dictionary(resource, uniquingKeysWith: { _, last in last }).filter { !facts.contains($0.key) }
        let kept = own.map { key, value in (key, said[key].map { .string($0) } ?? value) }
        let known = Set(own.map(\.0))
        return kept + said.filter { !known.contains($0.key) }.sorted { $0.key < $1.key }.map { ($0, .string($1)) }
    }
}

extension TelemetryEnvironment {
    /// `OTEL_EXPORTER_OTLP_TRACES_…` wins over `OTEL_EXPORTER_OTLP_…`.
    private func traces(_ name: String) -> (name: String, value: String)? {
        for variable in ["OTEL_EXPORTER_OTLP_TRACES_\(name)", "OTEL_EXPORTER_OTLP_\(name)"] {
            if let value = variables[variable] { return (variable, value) }
        }
        return nil
    }

    private mutating func readResource() {
        if let text = variables["OTEL_RESOURCE_ATTRIBUTES"] {
            do { resource = try ListedPairs.read(text) } catch {
                warnings.append("OTEL_RESOURCE_ATTRIBUTES is left aside: \(error)")
            }
        }
        if let name = variables["OTEL_SERVICE_NAME"] { resource.append(("service.name", name)) }
    }

    private mutating func destination(_ flag: String?) -> CollectorURL? {
        if let flag { return CollectorURL(base: flag) }
        guard variables["OTEL_SDK_DISABLED"]?.lowercased() != "true" else { return nil }
        let exporters = (variables["OTEL_TRACES_EXPORTER"] ?? "").split(separator: ",").map {
            String($0.filter { $0 != " " })
        }
        for unknown in exporters where !["otlp", "none"].contains(unknown) {
            warnings.append("OTEL_TRACES_EXPORTER: there is no exporter \(unknown), only otlp and none")
        }
        guard exporters.isEmpty || exporters.contains("otlp") else { return nil }
        let url: CollectorURL?
        let said = traces("ENDPOINT")
        switch said?.name {
        case "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url = CollectorURL(exact: said?.value ?? "")
        case nil: url = exporters.isEmpty ? nil : CollectorURL(base: CollectorURL.usual)
        default: url = CollectorURL(base: said?.value ?? "")
        }
        if let said, url == nil { warnings.append("\(said.name) is no http or https URL: no spans are exported") }
        return url
    }

    private mutating func headers() -> [(name: String, value: String)] {
        guard let (variable, text) = traces("HEADERS") else { return [] }
        let pairs: [(key: String, value: String)]
        do { pairs = try ListedPairs.read(text) } catch {
            warnings.append("\(variable) is left aside: \(error)")
            return []
        }
        return pairs.enumerated().compactMap { index, pair in
            // The name is not told: who forgot it wrote a secret in its place.
            guard pair.key.utf8.allSatisfy(Self.isInTokens), !pair.value.utf8.contains(where: { $0 < 0x20 && $0 != 9 })
            else {
                warnings.append("\(variable): entry \(index + 1) is no header")
                return nil
            }
            guard !Self.ownHeaders.contains(pair.key.lowercased()) else {
                warnings.append("\(variable): \(pair.key.lowercased()) is ours to say")
                return nil
            }
            return (pair.key, pair.value)
        }
    }

    private static let ownHeaders: Set = [
        "content-type", "content-encoding", "content-length", "transfer-encoding", "user-agent",
    ]

    /// RFC 9110, 5.6.2.
    private static func isInTokens(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private mutating func timeout() -> Duration? {
        guard let (variable, text) = traces("TIMEOUT") else { return nil }
        guard let milliseconds = Int64(text), (1...3_600_000).contains(milliseconds) else {
            warnings.append("\(variable)=\(text): not a number of milliseconds from 1 to 3600000; it is 10000")
            return nil
        }
        return .milliseconds(milliseconds)
    }

    private mutating func compresses() -> Bool {
        guard let (variable, text) = traces("COMPRESSION") else { return true }
        guard ["gzip", "none"].contains(text) else {
            warnings.append("\(variable)=\(text): neither gzip nor none; it is gzip")
            return true
        }
        return text == "gzip"
    }

    private mutating func warnOfProtocol() {
        guard let (variable, text) = traces("PROTOCOL"), text != "http/json" else { return }
        warnings.append("\(variable)=\(text): only http/json is spoken, and that is what the endpoint gets")
    }
}
