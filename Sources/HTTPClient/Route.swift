internal import CCurl

/// What to ask for and where to connect, once a server name may stand in for the URL's host.
struct Route {
    var url: String
    /// `CURLOPT_CONNECT_TO`: the real address, whatever the URL says.
    var connectTo: String?
    var hostHeader: String?

    /// libcurl verifies, and sends as SNI, the URL's host: so the server name goes there, and the real host into the
    /// place to connect to and the Host header.
    init(_ request: HTTPRequest) throws(HTTPFailure) {
        url = request.url
        guard let serverName = request.tls.serverName else { return }
        guard let parts = curl_url() else { throw HTTPFailure(.malformed, "no memory for the URL") }
        defer { curl_url_cleanup(parts) }
        guard curl_url_set(parts, CURLUPART_URL, request.url, 0) == CURLUE_OK,
            let host = Self.get(CURLUPART_HOST, of: parts),
            let port = Self.get(CURLUPART_PORT, of: parts, UInt32(CURLU_DEFAULT_PORT))
        else { throw HTTPFailure(.malformed, "the URL is not one") }
        guard Self.get(CURLUPART_SCHEME, of: parts) == "https" else { return }

        let name = serverName.contains(":") && !serverName.hasPrefix("[") ? "[\(serverName)]" : serverName
        guard curl_url_set(parts, CURLUPART_HOST, name, 0) == CURLUE_OK,
            let renamed = Self.get(CURLUPART_URL, of: parts)
        else { throw HTTPFailure(.malformed, "the server name is not a host name") }
        url = renamed
        connectTo = "::\(host):\(port)"
        hostHeader = Self.get(CURLUPART_PORT, of: parts, UInt32(CURLU_NO_DEFAULT_PORT)).map { "\(host):\($0)" } ?? host
    }

    private static func get(_ part: CURLUPart, of url: OpaquePointer, _ flags: UInt32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, flags) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
