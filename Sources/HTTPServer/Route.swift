/// Answers a request. Cancelled when the client has gone, so a handler that holds its answer learns of it.
public typealias RequestHandler = @Sendable (HTTPServerRequest) async -> HTTPServerResponse

/// A method and an exact path, and who answers them.
public struct Route: Sendable {
    let method: String
    let path: String
    let gzip: Bool
    let bodyLimit: Int
    let handler: RequestHandler

    /// A GET route also answers HEAD.
    ///
    /// - Parameters:
    ///   - gzip: whether the answer is compressed for clients that like that.
    ///   - bodyLimit: bytes of a request body; a larger one is refused with 413.
    public init(
        _ method: String, _ path: String, gzip: Bool = false, bodyLimit: Int = 64 << 10,
        _ handler: @escaping @Sendable (HTTPServerRequest) async -> HTTPServerResponse
    ) {
        self.method = method
        self.path = path
        self.gzip = gzip
        self.bodyLimit = bodyLimit
        self.handler = handler
    }

    func answers(_ method: String) -> Bool {
        method == self.method || (method == "HEAD" && self.method == "GET")
    }
}
