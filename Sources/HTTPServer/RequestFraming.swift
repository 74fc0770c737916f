/// How a request says where its body ends (RFC 9112, section 6).
///
/// libmicrohttpd takes the first of two lengths, and chunks before a length. A proxy before it may read the same bytes
/// otherwise, and then one client's body becomes another one's request: what can be read in two ways is refused.
struct RequestFraming: Equatable {
    /// Bytes; nil if no length is given.
    private(set) var announcedLength: Int?
    private var isAmbiguous = false

    init(_ headers: [(String, String)]) {
        let lines = headers.map { ($0.0.lowercased(), $0.1) }
        let values = { (name: String) in lines.filter { $0.0 == name }.map(\.1) }
        let (lengths, encodings) = (values("content-length"), values("transfer-encoding"))
        announcedLength = lengths.first.map { Int($0) ?? Int.max }
        isAmbiguous =
            lengths.count + encodings.count > 1 || values("host").count > 1
            || encodings.contains { $0.lowercased() != "chunked" }
            || lengths.contains { $0.isEmpty || !$0.utf8.allSatisfy(Self.digits.contains) }
            || lines.contains { Self.isOdd($0.0) || $0.1.utf8.contains(UInt8(ascii: "\r")) }
    }

    private static let digits = UInt8(ascii: "0")...UInt8(ascii: "9")

    /// `content-length : 5` is a length to some. Of a header in two lines libmicrohttpd (0.9.75) takes the second line
    /// for the end of the name: `transfer-encodingchunked`.
    private static func isOdd(_ name: String) -> Bool {
        if ["content-length", "transfer-encoding"].contains(where: { name.hasPrefix($0) && name != $0 }) {
            return true
        }
        return !name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !",:;\"".utf8.contains($0) }
    }

    /// The answer to a request that may not be read, and the end of its connection.
    var problem: HTTPServerResponse? {
        guard isAmbiguous else { return nil }
        var response = HTTPServerResponse.error(
            400,
            "one Host, and one Content-Length or Transfer-Encoding: chunked; each header on one line, and no blank in its name"
        )
        response.headers.append(("Connection", "close"))
        return response
    }
}
