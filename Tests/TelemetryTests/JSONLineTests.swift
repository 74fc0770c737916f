import FoundationEssentials
import Testing

@testable import Telemetry

@Suite struct JSONLineTests {
    private static func encoded(_ value: JSONValue) -> String {
        var bytes: [UInt8] = []
        JSONLine.append(value, to: &bytes)
        return text(bytes)
    }

    @Test(
        "each kind of value",
        arguments: [
            (.null, "null"), (true, "true"), (.bool(false), "false"), (.int(.min), "-9223372036854775808"), (7, "7"),
            (.double(0.1), "0.1"), (.double(3), "3.0"), (.double(1e300), "1e+300"), (.double(.nan), #""NaN""#),
            (.double(.infinity), #""Infinity""#), (.double(-.infinity), #""-Infinity""#), ("", #""""#),
            (.array([]), "[]"),
            (.array([1, "a", .null]), #"[1,"a",null]"#), (.object([]), "{}"),
            (.object([("z", 1), ("a", .object([("m", .array([true]))]))]), #"{"z":1,"a":{"m":[true]}}"#),
        ] as [(JSONValue, String)])
    func values(value: JSONValue, expected: String) { #expect(Self.encoded(value) == expected) }

    @Test(
        "each kind of escape",
        arguments: [
            (#"""#, #"\""#), (#"\"#, #"\\"#), ("\n", #"\n"#), ("\r", #"\r"#), ("\t", #"\t"#), ("\u{8}", #"\b"#),
            ("\u{c}", #"\f"#),
            ("\u{0}", #"\u0000"#), ("\u{1b}", #"\u001b"#), ("\u{7f}", #"\u007f"#), ("\u{9b}", #"\u009b"#),
            ("\u{a0}", "\u{a0}"),
            ("\u{2028}\u{2029}", #"\u2028\u2029"#), ("/", "/"), ("🚀", "🚀"), ("\r\n", #"\r\n"#),
        ])
    func escapes(string: String, expected: String) { #expect(Self.encoded(.string(string)) == "\"\(expected)\"") }

    @Test("another reader gets the same text back")
    func roundTrip() throws {
        let json = Self.encoded(.array(hostileTexts.map { .string($0) }))
        let read = try JSONDecoder().decode([String].self, from: Data(json.utf8))
        #expect(read.map { Array($0.unicodeScalars) } == hostileTexts.map { Array($0.unicodeScalars) })
    }

    @Test("keys are escaped like everything else")
    func keys() { #expect(Self.encoded(.object([("a\"\n", 1)])) == #"{"a\"\n":1}"#) }

    @Test("objects are equal only in the same order")
    func equality() {
        #expect(JSONValue.object([("a", 1), ("b", 2)]) == .object([("a", 1), ("b", 2)]))
        #expect(JSONValue.object([("a", 1), ("b", 2)]) != .object([("b", 2), ("a", 1)]))
        #expect(JSONValue.int(1) != .double(1))
    }
}
