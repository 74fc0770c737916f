import HTTPServer
import Testing

struct ListenAddressTests {
    static let readable: [(text: String, address: ListenAddress, shown: String)] = [
        ("[::]:9809", .tcp(host: "::", port: 9809), "[::]:9809"),
        (":9809", .tcp(host: "::", port: 9809), "[::]:9809"),
        ("127.0.0.1:0", .tcp(host: "127.0.0.1", port: 0), "127.0.0.1:0"),
        ("[fd00::1]:65535", .tcp(host: "fd00::1", port: 65535), "[fd00::1]:65535"),
        ("unix:/run/a b.sock", .unix(path: "/run/a b.sock"), "unix:/run/a b.sock"),
    ]

    @Test("an address is read, and shown as it is read", arguments: readable)
    func reads(text: String, address: ListenAddress, shown: String) throws {
        #expect(try ListenAddress(parsing: text) == address)
        #expect(address.description == shown)
    }

    static let malformed = [
        "", "9809", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1",
        "localhost:80", "::1:80", "[::1]", "[127.0.0.1]:80", "[::1:80", "300.0.0.1:80", "unix:", "unix:relative",
        "unix:/a\0b", "[]:80", "127.0.0.1\0:80", "[::\0]:80",
    ]

    @Test("what is no address is refused with its own text", arguments: malformed)
    func refuses(text: String) {
        #expect {
            try ListenAddress(parsing: text)
        } throws: { error in
            (error as? ListenAddress.Malformed)?.text == text && "\(error)".contains("\"\(text)\"")
        }
    }
}
