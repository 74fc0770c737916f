/// Where a server listens.
public enum ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// `host` is an IP address; `::` is every address of both families. Port 0 lets the system choose one.
    case tcp(host: String, port: UInt16)
    case unix(path: String)

    /// Not an address to listen on.
    public struct Malformed: Error, Equatable, Sendable, CustomStringConvertible {
        public var text: String

        public var description: String {
            "\"\(text)\" is not an address to listen on: ADDRESS:PORT, [IPv6]:PORT, :PORT or unix:/PATH"
        }
    }

    /// Reads `[::]:9809`, `127.0.0.1:0`, `:9809` (every address) or `unix:/run/x.sock`.
    public init(parsing text: String) throws(Malformed) {
        let unixPrefix = "unix:"
        if text.hasPrefix(unixPrefix) {
            let path = String(text.dropFirst(unixPrefix.count))
            guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw Malformed(text: text) }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":") else { throw Malformed(text: text) }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits),
            let host = Self.host(in: text[..<colon])
        else { throw Malformed(text: text) }
        self = .tcp(host: host, port: port)
    }

    private static func host(in text: Substring) -> String? {
        guard !text.isEmpty else { return "::" }
        if text.hasPrefix("["), text.hasSuffix("]") {
            let host = String(text.dropFirst().dropLast())
            return SocketAddress.isIPv6(host) ? host : nil
        }
        return SocketAddress.isIPv4(String(text)) ? String(text) : nil
    }

    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// Where a server really listens: the port the system chose, and `0.0.0.0` where there is no IPv6.
public struct BoundAddress: Sendable, Equatable, CustomStringConvertible {
    public var address: ListenAddress

    /// Nil for a Unix socket.
    public var port: UInt16? {
        guard case .tcp(_, let port) = address else { return nil }
        return port
    }

    public var description: String { address.description }
}
