extension HTTPRequest {
    /// Refuses what would let a value break out of its place in the request.
    func validate() throws(HTTPFailure) {
        guard Self.isToken(method) else { throw HTTPFailure(.malformed, "the method is not an HTTP token") }
        for header in headers {
            guard Self.isToken(header.name) else {
                throw HTTPFailure(.malformed, "a header's name is not an HTTP token")
            }
            guard !header.value.utf8.contains(where: { $0 == 0 || $0 == 0x0a || $0 == 0x0d }) else {
                throw HTTPFailure(.malformed, "the value of header \(header.name) holds a line break or NUL")
            }
        }
    }

    /// RFC 9110, 5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
