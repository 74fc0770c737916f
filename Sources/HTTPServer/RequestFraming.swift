/// How a request says where its body ends (RFC 9112, section 6).
///
/// libmicrohttpd takes the first of two lengths, and chunks before a length. A proxy before it may read the same bytes
/// otherwise, and then one client's body becomes another one's request: what can be read in two ways is refused.
struct RequestFraming: Equatable {
    /// Bytes; nil if no length is given.
    private(set) var announcedLength: Int?
    private var isAmbiguous = false

    init(_ headers: [(String, String)]) {
        let lengths = headers.filter { $0.0.lowercased() == "content-length" }.map(\.1)
        let encodings = headers.filter { $0.0.lowercased() == "transfer-encoding" }.map(\.1)
        announcedLength = lengths.first.map { Int($0) ?? Int.max }
        isAmbiguous =
            lengths.count + encodings.count > 1 || encodings.contains { $0.lowercased() != "chunked" }
    }

    /// The answer to a request that may not be read, and the end of its connection.
    var problem: HTTPServerResponse? {
        guard isAmbiguous else { return nil }
        var response = HTTPServerResponse.error(400, "one Content-Length, or Transfer-Encoding: chunked, and not both")
        response.headers.append(("Connection", "close"))
        return response
    }
}
