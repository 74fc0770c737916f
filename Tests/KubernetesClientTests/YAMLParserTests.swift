import Testing

@testable import KubernetesClient

@Suite("YAML")
struct YAMLParserTests {
    private func json(_ text: String) throws -> String? {
        guard let node = try YAMLParser.parse(Array(text.utf8)) else { return nil }
        var bytes: [UInt8] = []
        node.appendJSON(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(
        "a document is read",
        arguments: [
            ("", nil), ("# only a comment\n", nil), ("---\n", "null"), ("a", #""a""#),
            ("a: b\nc:\n- 1\n- \"1\"\n- true\n- null\n- ~\n-\n", #"{"a":"b","c":[1,"1",true,null,null,null]}"#),
            (#"{"a": {"b": [1, 2.5, -3e2, "x\ty"]}, "c": false}"#, #"{"a":{"b":[1,2.5,-3e2,"x\u0009y"]},"c":false}"#),
            ("{\n\t\"a\": 1,\n\t\"b\": \"c\"\n}", #"{"a":1,"b":"c"}"#),
            ("a: |\n  one\n  two\n", #"{"a":"one\u000atwo\u000a"}"#),
            ("a: >-\n  one\n  two\n", #"{"a":"one two"}"#),
            ("a: 'it''s'\n", #"{"a":"it's"}"#),
            (
                "a: 0x1f\nb: 007\nc: 1_000\nd: .inf\ne: 1.\nf: +1\n",
                #"{"a":"0x1f","b":"007","c":"1_000","d":".inf","e":"1.","f":"+1"}"#
            ),
            ("a: yes\nb: 'true'\nc: !!str true\n", #"{"a":"yes","b":"true","c":"true"}"#),
            ("a: &x {b: 1}\nc: *x\nd: [*x, *x]\n", #"{"a":{"b":1},"c":{"b":1},"d":[{"b":1},{"b":1}]}"#),
            ("a: &x 1\nb: &x 2\nc: *x\n", #"{"a":1,"b":2,"c":2}"#),
            ("a: 1\n---\nb: 2\n", #"{"a":1}"#),
            ("\u{FEFF}a: ä\n", #"{"a":"ä"}"#),
            ("\"a\\\"b\": \"c\\\\d\"\n", #"{"a\"b":"c\\d"}"#),
        ] as [(String, String?)])
    func reads(text: String, expected: String?) throws {
        #expect(try json(text) == expected)
    }

    @Test(
        "what is wrong is named with its line and column",
        arguments: [
            ("a: 1\nb: 2\na: 3\n", "the key \"a\" is here twice", 3, 1),
            ("a: 1\n\"a\": 3\n", "the key \"a\" is here twice", 2, 1),
            ("a:\n  b: 1\n  b: 1\n", "the key \"b\" is here twice", 3, 3),
            ("a: *x\n", "an alias of nothing before it", 1, 4),
            ("a: &x [*x]\n", "an alias of nothing before it", 1, 8),
            ("? [a]\n: b\n", "a key must be plain text", 1, 3),
            ("? {a: b}\n: b\n", "a key must be plain text", 1, 3),
            ("a: &x {b: 1}\n<<: *x\n", "merge keys (<<) are not supported", 2, 1),
            ("a: [1, 2\n", "did not find expected ',' or ']'", 2, 1),
            ("a: b: c\n", "mapping values are not allowed in this context", 1, 5),
            ("a: \"never closed\n", "found unexpected end of stream", 2, 1),
            ("\ta: 1\n", "found character that cannot start any token", 1, 1),
            ("a: @b\n", "found character that cannot start any token", 1, 4),
        ] as [(String, String, Int, Int)])
    func refuses(text: String, problem: String, line: Int, column: Int) {
        #expect(throws: YAMLError(problem: problem, line: line, column: column)) {
            try YAMLParser.parse(Array(text.utf8))
        }
    }

    @Test(
        "bytes that are no text are refused",
        arguments: [[0xFF, 0xFE, 0xFF], [0x61, 0x3A, 0x20, 0xC3, 0x28], [0x00], [0x61, 0x01]])
    func binary(bytes: [UInt8]) {
        #expect(throws: YAMLError.self) { try YAMLParser.parse(bytes) }
    }

    @Test("nesting is bounded")
    func depth() throws {
        let limit = YAMLParser.depthLimit
        let fits = String(repeating: "[", count: limit + 1) + String(repeating: "]", count: limit + 1)
        #expect(try json(fits) == fits)
        let deep = String(repeating: "[", count: 1_000_000)
        #expect(throws: YAMLError(problem: "nested deeper than \(limit)", line: 1, column: limit + 2)) {
            try YAMLParser.parse(Array(deep.utf8))
        }
    }

    @Test("a few aliases cannot stand for billions of values")
    func laughs() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ",")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect {
            try YAMLParser.parse(Array(text.utf8))
        } throws: { error in
            (error as? YAMLError)?.problem == "aliases that stand for more than \(YAMLParser.nodeLimit) values"
        }
    }

    @Test("plain words are booleans, quoted ones are text")
    func booleans() throws {
        let node = try #require(try YAMLParser.parse(Array("a: true\nb: 'true'\nc: off\nd: maybe\ne: [true]\n".utf8)))
        #expect(node["a"]?.boolean == true)
        #expect(node["b"]?.boolean == nil)
        #expect(node["c"]?.boolean == false)
        #expect(node["d"]?.boolean == nil)
        #expect(node["e"]?.boolean == nil)
        #expect(node["f"]?.boolean == nil)
    }
}
