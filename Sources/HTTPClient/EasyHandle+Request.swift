internal import CCurl

extension EasyHandle {
    /// Everything about `request` but the callbacks.
    func configure(for request: HTTPRequest) throws(HTTPFailure) {
        try request.validate()
        let route = try Route(request)
        try set(CURLOPT_URL, route.url)
        if let connectTo = route.connectTo { try set(CURLOPT_CONNECT_TO, lines: [connectTo]) }
        try setMessage(request, host: route.hostHeader)
        try setConnection(request)
        try setTLS(request.tls)
    }

    private func setMessage(_ request: HTTPRequest, host: String?) throws(HTTPFailure) {
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_CUSTOMREQUEST, request.method)
        if request.method == "HEAD" {
            try set(CURLOPT_NOBODY, true)
        } else if let body = request.body {
            try set(body: body)
        } else if ["POST", "PUT", "PATCH"].contains(request.method) {
            try set(body: [])
        }
        // libcurl's least, of 64 KiB: what we send is small.
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 16 << 10)
        try set(CURLOPT_HTTPHEADER, lines: Self.headerLines(request, host: host))
    }

    /// libcurl adds `Expect` and a form's `Content-Type` to a body: a name without a value keeps them out.
    private static func headerLines(_ request: HTTPRequest, host: String?) -> [String] {
        let given = HTTPHeaders(request.headers)
        // To libcurl "Name:" means none; an empty value is written "Name;".
        var lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if given["Expect"] == nil { lines.append("Expect:") }
        if given["Content-Type"] == nil { lines.append("Content-Type:") }
        if let host, given["Host"] == nil { lines.append("Host: \(host)") }
        return lines
    }

    private func setConnection(_ request: HTTPRequest) throws(HTTPFailure) {
        try set(CURLOPT_NOSIGNAL, true)
        // Without this, giving up a request whose name does not resolve waits for the resolver: with a silent DNS server
        // every other transfer stood still for 10 s.
        try set(CURLOPT_QUICK_EXIT, true)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.wholeMilliseconds)
        // With TCP_USER_TIMEOUT (see SocketOptions) a dead peer is noticed after 30 to 35 s, also on a silent watch.
        try set(CURLOPT_TCP_KEEPALIVE, true)
        try set(CURLOPT_TCP_KEEPIDLE, 15)
        try set(CURLOPT_TCP_KEEPINTVL, 5)
        try set(CURLOPT_MAXAGE_CONN, 90)
        try set(CURLOPT_FRESH_CONNECT, request.ownConnection)
        try set(CURLOPT_FORBID_REUSE, request.ownConnection)
        if let path = request.unixSocket { try set(CURLOPT_UNIX_SOCKET_PATH, path) }
        // Without these two libcurl reads the environment.
        try set(CURLOPT_PROXY, Self.resolvingProxy(request.proxy) ?? "")
        try set(CURLOPT_NOPROXY, "")
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
    }

    /// To libcurl `socks5` means that we resolve the name ourselves: behind such a proxy we often cannot.
    private static func resolvingProxy(_ proxy: String?) -> String? {
        guard let proxy, proxy.hasPrefix("socks5://") else { return proxy }
        return "socks5h://" + proxy.dropFirst("socks5://".count)
    }

    private func setTLS(_ tls: TLSOptions) throws(HTTPFailure) {
        if let authorities = tls.caPEM {
            try set(CURLOPT_CAINFO_BLOB, pem: authorities)
            // The blob replaces the system's file but not its directory: without this public authorities stay trusted.
            try set(CURLOPT_CAPATH, nil)
        }
        if let certificate = tls.clientCertificatePEM { try set(CURLOPT_SSLCERT_BLOB, pem: certificate) }
        if let key = tls.clientKeyPEM { try set(CURLOPT_SSLKEY_BLOB, pem: key) }
        // An encrypted key is refused: without a passphrase OpenSSL would ask for one on the terminal.
        try set(CURLOPT_KEYPASSWD, "")
        try set(CURLOPT_SSL_VERIFYPEER, !tls.skipVerification)
        try set(CURLOPT_SSL_VERIFYHOST, tls.skipVerification ? 0 : 2)
    }
}

extension Duration {
    /// At least 1: libcurl takes 0 for its own default.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !overflow, milliseconds < Int32.max else { return Int(Int32.max) }
        return max(1, Int(milliseconds) + Int(attoseconds / 1_000_000_000_000_000))
    }
}
