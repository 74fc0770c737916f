/// Where a response goes. The loop's thread calls, never two calls at once.
protocol ResponseSink: AnyObject, Sendable {
    func received(_ head: ResponseHead)
    func received(_ bytes: UnsafeRawBufferPointer) -> SinkVerdict
    /// Once, and last. `nil`: the response is complete.
    func ended(_ failure: HTTPFailure?)
}

/// What becomes of body bytes.
enum SinkVerdict {
    case taken
    /// Not taken: offer them again after a resume.
    case full
    case refused(HTTPFailure)
}

/// Status and header fields of a response that is not an interim one.
struct ResponseHead: Sendable {
    var status: Int
    var headers: HTTPHeaders
}
