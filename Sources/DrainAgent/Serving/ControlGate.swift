import HTTPServer

/// Who may change something. Over TCP the bearer token, and nothing that a browser sent on a page's behalf; the Unix socket's file
/// mode is its own guard.
struct ControlGate: Sendable {
    /// `nil`: no change over TCP at all.
    let tokenFile: ControlTokenFile?

    /// `nil`: it may. Otherwise the answer.
    func refusal(of request: HTTPServerRequest) async -> HTTPServerResponse? {
        guard request.peer != .unix else { return nil }
        if let refusal = Self.refusal(ofBrowser: request) { return refusal }
        guard let tokenFile else {
            return .error(
                403,
                "changes over TCP are off: start the agent with --control-token-file, or use its Unix socket (drain-agent trigger)"
            )
        }
        guard let token = await tokenFile.token() else {
            return .error(503, "the control token file cannot be read, or does not hold one line of ASCII")
        }
        return Self.refusal(of: request, token: token)
    }

    static func refusal(ofBrowser request: HTTPServerRequest) -> HTTPServerResponse? {
        if let site = request.header("Sec-Fetch-Site"), site != "none" {
            return .error(403, "browsers may not change anything here (Sec-Fetch-Site: \(site))")
        }
        if request.header("Origin") != nil {
            return .error(403, "browsers may not change anything here (Origin header)")
        }
        return nil
    }

    static func refusal(of request: HTTPServerRequest, token: [UInt8]) -> HTTPServerResponse? {
        guard let given = bearer(request.header("Authorization")), equal(given, token) else {
            var response = HTTPServerResponse.error(401, "a bearer token is needed (Authorization: Bearer …)")
            response.headers.append(("WWW-Authenticate", "Bearer"))
            return response
        }
        return nil
    }

    private static func bearer(_ header: String?) -> [UInt8]? {
        guard let header, header.prefix(7).lowercased() == "bearer " else { return nil }
        return Array(header.utf8.dropFirst(7))
    }

    /// Every byte is looked at, whatever the first ones say; only the length shows.
    static func equal(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
