/// What the model answers, and how long the answer takes.
public struct ModelResponse: Sendable, Equatable {
    public enum Answer: Sendable, Equatable {
        case object(code: Int, ClusterObject)
        case list(ObjectPage)
        case status(APIStatus)
        /// Not a `Status`: what a throttling server or a proxy says.
        case text(code: Int, String)
        /// A watch begins after this revision, with the present objects first if it named none.
        case watching(after: Int, initial: [ClusterObject])
        case allowed(Bool)
        case identity(AccessRules)
        case version
        /// The connection dies without an answer.
        case cut
    }

    public var answer: Answer
    public var retryAfterSeconds: Int?
    /// From the request's arrival to its answer; its effect is at the arrival.
    public var delay: Duration

    public init(_ answer: Answer, retryAfterSeconds: Int? = nil, delay: Duration = .zero) {
        self.answer = answer
        self.retryAfterSeconds = retryAfterSeconds
        self.delay = delay
    }
}

/// A page of a list, or all of it.
public struct ObjectPage: Sendable, Equatable {
    public var resource: ResourceKind
    public var resourceVersion: String
    public var items: [ClusterObject]
    /// Where the next page begins.
    public var continueToken: String?
}
