/// One request, with all that its transfer needs to know.
public struct HTTPRequest: Sendable {
    public var method: String
    /// Absolute, `http` or `https`.
    public var url: String
    public var headers: [(name: String, value: String)]
    public var body: [UInt8]?
    public var tls: TLSOptions
    /// `http`, `https`, `socks5` or `socks5h` URL; `nil`: none, whatever the environment says. A SOCKS proxy resolves
    /// the name, as it does for client-go; an `https` proxy is verified against the system's authorities.
    public var proxy: String?
    /// The file to connect to in place of the URL's host and port.
    public var unixSocket: String?
    /// Name resolution, TCP, proxy and TLS together.
    public var connectTimeout: Duration
    /// From the moment the request is sent to the response's first line.
    public var firstByteTimeout: Duration
    /// The silence that ends a response once it has begun.
    public var idleTimeout: Duration
    /// A connection for this request alone: a watch holds it for long.
    public var ownConnection: Bool

    public init(
        method: String, url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil,
        tls: TLSOptions = TLSOptions(), proxy: String? = nil, unixSocket: String? = nil,
        connectTimeout: Duration = .seconds(10), firstByteTimeout: Duration = .seconds(40),
        idleTimeout: Duration = .seconds(30), ownConnection: Bool = false
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.tls = tls
        self.proxy = proxy
        self.unixSocket = unixSocket
        self.connectTimeout = connectTimeout
        self.firstByteTimeout = firstByteTimeout
        self.idleTimeout = idleTimeout
        self.ownConnection = ownConnection
    }
}
