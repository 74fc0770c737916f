internal import FoundationEssentials

/// Which proxy leads to a URL, by the environment as Go's programs (kubectl) read it.
struct ProxyRules: Sendable {
    private let http: String?
    private let https: String?
    private let exceptions: ProxyExceptions

    /// `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, else their lowercase forms.
    init(environment: [String: String]) {
        func value(_ name: String) -> String? {
            [environment[name], environment[name.lowercased()]].compactMap { $0 }.first { !$0.isEmpty }
        }
        http = value("HTTP_PROXY").map(Self.url)
        https = value("HTTPS_PROXY").map(Self.url)
        exceptions = ProxyExceptions(value("NO_PROXY") ?? "")
    }

    /// `nil`: go there directly.
    func proxy(for url: String) -> String? {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else { return nil }
        let isSecure = parts.scheme?.lowercased() == "https"
        guard let proxy = isSecure ? https : http else { return nil }
        let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        return exceptions.contains(host: name, port: parts.port ?? (isSecure ? 443 : 80)) ? nil : proxy
    }

    /// A bare `host:port` means http.
    private static func url(_ proxy: String) -> String { proxy.contains("://") ? proxy : "http://\(proxy)" }
}
