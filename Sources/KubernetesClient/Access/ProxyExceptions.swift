/// The hosts of `NO_PROXY`.
struct ProxyExceptions: Sendable {
    private enum Rule: Sendable {
        case everything
        case network(IPAddress, prefix: Int)
        case address(IPAddress, port: Int?)
        /// `suffix` begins with a dot.
        case domain(suffix: String, itself: Bool, port: Int?)
        /// A port that is none: matches nothing.
        case nothing
    }

    private let rules: [Rule]

    /// A comma list of `*`, `host`, `.suffix`, `*.suffix`, addresses and CIDR blocks, the hosts with an optional port.
    init(_ list: String) {
        rules = list.split(separator: ",").map { Self.rule(Self.trim($0).lowercased()) }
    }

    /// Loopback always is one.
    func contains(host: String, port: Int) -> Bool {
        let host = host.lowercased()
        if host == "localhost" { return true }
        let address = IPAddress(host)
        if address?.isLoopback == true { return true }
        return rules.contains { rule in
            switch rule {
            case .everything: true
            case .nothing: false
            case .network(let network, let prefix): address?.isIn(network, prefix: prefix) ?? false
            case .address(let exempt, let exemptPort): address == exempt && (exemptPort ?? port) == port
            case .domain(let suffix, let itself, let exemptPort):
                (host.hasSuffix(suffix) || (itself && host == suffix.dropFirst())) && (exemptPort ?? port) == port
            }
        }
    }

    private static func rule(_ text: String) -> Rule {
        if text.isEmpty { return .nothing }
        if text == "*" { return .everything }
        if let slash = text.firstIndex(of: "/"), let network = IPAddress(String(text[..<slash])),
            let prefix = Int(text[text.index(after: slash)...]), (0...network.bytes.count * 8).contains(prefix)
        {
            return .network(network, prefix: prefix)
        }
        let (host, portText) = split(text)
        let port = portText.flatMap { Int($0) }
        if portText != nil, port == nil { return .nothing }
        if let address = IPAddress(host) { return .address(address, port: port) }
        let name = host.hasPrefix("*.") ? String(host.dropFirst()) : host
        guard !name.isEmpty else { return .nothing }
        return name.hasPrefix(".")
            ? .domain(suffix: name, itself: false, port: port) : .domain(suffix: ".\(name)", itself: true, port: port)
    }

    /// `[::1]:443`, `host:443`; an address with colons and no brackets has no port.
    private static func split(_ text: String) -> (host: String, port: String?) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let host = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...]
            return (host, rest.hasPrefix(":") ? String(rest.dropFirst()) : nil)
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : (text, nil)
    }

    private static func trim(_ text: Substring) -> Substring {
        let start = text.drop { $0.isWhitespace }
        return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
    }
}
