import Gzip

extension HTTPServerResponse {
    /// Below this, a header and a trailer of gzip outweigh what they save.
    private static let smallestGzipped = 256

    /// Compressed if the client likes that; a cache is told of the choice either way.
    func negotiatingGzip(with acceptEncoding: String?) -> HTTPServerResponse {
        var response = self
        response.addToVary("Accept-Encoding")
        guard case .bytes(let bytes) = body, bytes.count > Self.smallestGzipped, !hasHeader("Content-Encoding"),
            AcceptEncodingHeader(parsing: acceptEncoding).prefersGzip
        else { return response }
        response.headers.append(("Content-Encoding", "gzip"))
        response.body = .bytes(Gzip.compress(bytes))
        return response
    }

    /// One line, however many reasons there are.
    private mutating func addToVary(_ name: String) {
        guard let index = headers.firstIndex(where: { $0.0.lowercased() == "vary" }) else {
            return headers.append(("Vary", name))
        }
        headers[index].1 += ", \(name)"
    }
}
