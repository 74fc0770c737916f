import Gzip

extension HTTPServerResponse {
    /// Below this, a header and a trailer of gzip outweigh what they save.
    private static let smallestGzipped = 256

    /// Compressed if the client likes that; a cache is told of the choice either way.
    func negotiatingGzip(with acceptEncoding: String?) -> HTTPServerResponse {
        var response = self
        response.headers.append(("Vary", "Accept-Encoding"))
        guard case .bytes(let bytes) = body, bytes.count > Self.smallestGzipped, !hasHeader("Content-Encoding"),
            AcceptEncodingHeader(parsing: acceptEncoding).prefersGzip
        else { return response }
        response.headers.append(("Content-Encoding", "gzip"))
        response.body = .bytes(Gzip.compress(bytes))
        return response
    }
}
