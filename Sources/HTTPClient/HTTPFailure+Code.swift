internal import CCurl

extension HTTPFailure {
    /// What a transfer that libcurl ended with `code` failed of.
    /// - Parameter connectStatus: the proxy's answer to CONNECT; 0 if there was none.
    init(code: CURLcode, message: String, connectStatus: Int) {
        self.init(Self.kind(of: code, message: message, connectStatus: connectStatus), message)
    }

    private static func kind(of code: CURLcode, message: String, connectStatus: Int) -> Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .nameResolution
        case CURLE_COULDNT_CONNECT, CURLE_PROXY: .connect
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS: .certificate
        case CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE: .credential
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_CLIENTCERT, CURLE_SSL_SHUTDOWN_FAILED: .tls
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING,
            CURLE_WRITE_ERROR, CURLE_HTTP2:
            .malformed
        // How libcurl 7.88 reports a header line beyond its 100 KiB; nothing else here can run out of memory.
        case CURLE_OUT_OF_MEMORY: .malformed
        case CURLE_RECV_ERROR, CURLE_SEND_ERROR: exchangeError(message, connectStatus)
        default: .reset
        }
    }

    /// libcurl has one code for all that goes wrong while bytes are read: its text tells the cases apart.
    private static func exchangeError(_ message: String, _ connectStatus: Int) -> Kind {
        if connectStatus != 0 && !(200..<300).contains(connectStatus) { return .connect }
        if message.contains("chunked-encoding") { return .malformed }
        // With TLS 1.3 a refusal of our certificate arrives after the handshake.
        if message.contains(" alert ") { return .tls }
        return .reset
    }
}
