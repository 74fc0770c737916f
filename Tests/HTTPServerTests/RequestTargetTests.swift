import Testing

@testable import HTTPServer

struct RequestTargetTests {
    static let readable: [(raw: String, path: String, query: [String: String])] = [
        ("/", "/", [:]),
        ("/metrics", "/metrics", [:]),
        ("/a%20b", "/a b", [:]),
        ("/%C3%A4", "/ä", [:]),
        ("/a+b", "/a+b", [:]),
        ("/drain?uncordon=true", "/drain", ["uncordon": "true"]),
        ("/d?a=1&b=x%26y&c", "/d", ["a": "1", "b": "x&y", "c": ""]),
        ("/d?a=one+two&&=x", "/d", ["a": "one two", "": "x"]),
        ("/d?a=1&a=2", "/d", ["a": "1"]),
        ("/d?a=b=c?d", "/d", ["a": "b=c?d"]),
        ("/d?", "/d", [:]),
        ("//metrics", "//metrics", [:]),
        ("/../metrics", "/../metrics", [:]),
        ("/%2e%2e/metrics", "/../metrics", [:]),
        ("/%252e", "/%2e", [:]),
        ("http://host:9809/metrics?x=1", "/metrics", ["x": "1"]),
        ("HTTPS://host", "/", [:]),
        ("http://host?x=1", "/", ["x": "1"]),
    ]

    @Test("a target is decoded once and never normalized", arguments: readable)
    func decodes(raw: String, path: String, query: [String: String]) throws {
        let target = try RequestTarget(parsing: Array(raw.utf8))
        #expect(target.path == path)
        #expect(target.query == query)
    }

    static let malformed: [(raw: [UInt8], reason: String)] = [
        (Array("".utf8), "the path does not begin with a slash"),
        (Array("metrics".utf8), "the path does not begin with a slash"),
        (Array("*".utf8), "the path does not begin with a slash"),
        (Array("?a=1".utf8), "the path does not begin with a slash"),
        (Array("host:443".utf8), "the path does not begin with a slash"),
        (Array("/%".utf8), "the path has a % without two hexadecimal digits"),
        (Array("/%4".utf8), "the path has a % without two hexadecimal digits"),
        (Array("/%zz".utf8), "the path has a % without two hexadecimal digits"),
        (Array("/a%00b".utf8), "the path has a NUL"),
        (Array("/%ff".utf8), "the path is not UTF-8"),
        ([0x2F, 0xFF], "the path is not UTF-8"),
        (Array("/a?b=%".utf8), "the query has a % without two hexadecimal digits"),
        (Array("/a?%00".utf8), "the query has a NUL"),
        (Array("/a?b=%80".utf8), "the query is not UTF-8"),
    ]

    @Test("a target that cannot be read says which part is wrong", arguments: malformed)
    func refuses(raw: [UInt8], reason: String) {
        #expect(throws: RequestTarget.Malformed(reason: reason)) { try RequestTarget(parsing: raw) }
    }
}
