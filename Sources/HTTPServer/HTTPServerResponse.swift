/// What a handler answers.
///
/// The server adds `headersForBrowsers`.
public struct HTTPServerResponse: Sendable {
    public enum Body: Sendable {
        case bytes([UInt8])
        case stream(ResponseStream)
    }

    public var status: Int
    public var headers: [(String, String)]
    public var body: Body
    /// Called exactly once. True: the client's kernel has acknowledged every byte. False: the client went away.
    public var onDelivered: (@Sendable (Bool) -> Void)?

    public init(
        status: Int, headers: [(String, String)] = [], body: Body = .bytes([]),
        onDelivered: (@Sendable (Bool) -> Void)? = nil
    ) {
        self.status = status
        self.headers = headers
        self.body = body
        self.onDelivered = onDelivered
    }

    public static func text(_ status: Int, _ text: String) -> HTTPServerResponse {
        HTTPServerResponse(
            status: status, headers: [("Content-Type", "text/plain; charset=utf-8")], body: .bytes(Array(text.utf8)))
    }

    public static func json(_ status: Int, _ bytes: [UInt8]) -> HTTPServerResponse {
        HTTPServerResponse(status: status, headers: [("Content-Type", "application/json")], body: .bytes(bytes))
    }

    /// `{"error":"…"}`.
    public static func error(_ status: Int, _ reason: String) -> HTTPServerResponse {
        .json(status, Array("{\"error\":\(jsonString(reason))}\n".utf8))
    }

    /// For an unread response: nobody will get it.
    func discard() {
        if case .stream(let stream) = body { stream.close() }
        onDelivered?(false)
    }

    /// For HEAD: MHD would send the end of a stream, which the client takes for the next answer's beginning.
    mutating func dropStream() {
        guard case .stream(let stream) = body else { return }
        stream.close()
        body = .bytes([])
    }

    /// What is still needed once the bytes are sent.
    var withoutBytes: HTTPServerResponse {
        guard case .bytes = body else { return self }
        var response = self
        response.body = .bytes([])
        return response
    }

    func hasHeader(_ name: String) -> Bool {
        headers.contains { $0.0.lowercased() == name.lowercased() }
    }
}

private func jsonString(_ text: String) -> String {
    var escaped = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": escaped += "\\" + String(scalar)
        case "\u{0}"..<" ":
            let hex = String(scalar.value, radix: 16)
            escaped += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: escaped.unicodeScalars.append(scalar)
        }
    }
    return escaped + "\""
}
