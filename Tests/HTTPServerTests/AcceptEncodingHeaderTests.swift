import Testing

@testable import HTTPServer

struct AcceptEncodingHeaderTests {
    static let cases: [(text: String?, gzip: Bool)] = [
        (nil, false), ("", false), ("gzip", true), ("GZIP", true), ("x-gzip", true),
        ("deflate, br", false), ("deflate, gzip;q=0.5", true), ("gzip;q=0", false), ("gzip;q=0.000", false),
        ("*", true), ("*;q=0", false), ("gzip;q=0, *", false), ("*;q=0, gzip;q=0.1", true),
        ("identity", false), ("identity;q=0.5, gzip;q=0.4", false), ("identity;q=0.5, gzip", true),
        ("gzip;q=0.5, identity;q=0.5", true), ("gzip;q=0.5, *", false), ("*;q=0.5, gzip", true), ("gzip;q=x", false),
        ("gzip;q=1.5", false), ("gzip ; q=0.3 , br", true),
    ]

    @Test("gzip is used where the client takes it and likes it no less than nothing", arguments: cases)
    func prefersGzip(text: String?, gzip: Bool) {
        #expect(AcceptEncodingHeader(parsing: text).prefersGzip == gzip)
    }
}
