/// What a client may use of a server.
public struct HTTPServerLimits: Sendable {
    /// From the connection, or from the first byte of a later request, to the last byte of the request.
    public var requestTime: Duration = .seconds(10)
    /// Between the end of a response and the next request on the connection; longer than a usual scrape interval.
    public var idleTime: Duration = .seconds(120)
    /// While a response is under way and the client's kernel acknowledges nothing more of it.
    public var responseStallTime: Duration = .seconds(30)
    /// For each listener.
    public var connections: UInt32 = 512
    /// For each client address, so that one address cannot take all connections from the others.
    public var connectionsPerAddress: UInt32 = 64
    /// Streams under way, for each listener: each may have a queue full of what its client does not read. More are
    /// refused with 503.
    public var streams: Int = 32
    /// Streams of one client address; a Unix socket has none.
    public var streamsPerAddress: Int = 8
    /// Bytes of a request body for the fallback handler; each route has a limit of its own.
    public var fallbackBody: Int = 1 << 20
    /// How often connections are looked at: departed and overdue clients are noticed this late.
    public var inspectionInterval: Duration = .seconds(1)

    public init() {}
}
