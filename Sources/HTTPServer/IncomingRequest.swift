/// A request while it arrives.
struct IncomingRequest {
    /// A body nobody wants is read and thrown away up to here, so that the client gets to read why; an announced body
    /// beyond it is refused unread.
    private static let largestDiscarded = 1 << 20

    let target: [UInt8]
    /// Nil until the headers are complete.
    private(set) var decision: Router.Decision?
    private(set) var body: [UInt8] = []

    init(target: [UInt8]) { self.target = target }

    /// The headers are complete.
    ///
    /// - Returns: an answer that need not wait for the body.
    mutating func headersArrived(_ decision: Router.Decision, announcedLength: Int?) -> HTTPServerResponse? {
        self.decision = decision
        guard let announcedLength else { return nil }
        if case .handle(let route, let target) = decision, announcedLength > route.bodyLimit {
            self.decision = .refuse(Self.tooLarge(target, route.bodyLimit))
        }
        guard case .refuse(let response) = self.decision, announcedLength > Self.largestDiscarded else { return nil }
        return response
    }

    mutating func bodyArrived(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard case .handle(let route, let target) = decision else { return }
        guard body.count + bytes.count <= route.bodyLimit else {
            body = []
            decision = .refuse(Self.tooLarge(target, route.bodyLimit))
            return
        }
        body.append(contentsOf: bytes)
    }

    private static func tooLarge(_ target: RequestTarget, _ limit: Int) -> HTTPServerResponse {
        .error(413, "the body of a request for \(target.path.prefix(200)) is larger than \(limit) bytes")
    }
}
