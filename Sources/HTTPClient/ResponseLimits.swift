/// How long a response may take once it has begun: a server that goes on saying a little is no better than a silent one.
public struct ResponseLimits: Sendable {
    /// Bytes a second below which it counts as silent; `nil`: any byte will do.
    public var minimumRate: Int?
    /// From its first line to its end; `nil`: for ever.
    public var total: Duration?

    public init(minimumRate: Int? = nil, total: Duration? = nil) {
        self.minimumRate = minimumRate
        self.total = total
    }

    /// Of an answer that is small.
    static let whole = ResponseLimits(minimumRate: 32, total: .seconds(60))
}
