/// A request that has arrived whole.
public struct HTTPServerRequest: Sendable {
    /// Who sent it.
    public enum Peer: Sendable, Equatable {
        /// `address` without the port; an IPv4 client of an IPv6 socket is shown as IPv4.
        case tcp(address: String)
        case unix
    }

    public var method: String
    /// Percent-decoded, the query cut off.
    public var path: String
    /// Decoded; of a repeated name the first value.
    public var query: [String: String]
    public var body: [UInt8]
    public var peer: Peer
    /// By name in lower case.
    private var headers: [String: String] = [:]

    /// Header lines of one name are joined with a comma (RFC 9110, section 5.3).
    public init(
        method: String, path: String, query: [String: String] = [:], headers: [(String, String)] = [],
        body: [UInt8] = [], peer: Peer
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.peer = peer
        for (name, value) in headers {
            self.headers[name.lowercased(), default: ""] += (self.headers[name.lowercased()] == nil ? "" : ", ") + value
        }
    }

    /// `name` in any case.
    public func header(_ name: String) -> String? { headers[name.lowercased()] }
}
