import FoundationEssentials
import Telemetry
import TestSupport
import Testing

@testable import DrainAgent
@testable import KubernetesClient

@Suite("YAMLText") struct YAMLTextTests {
    /// What the project's own decoder reads, as JSON.
    private func read(_ yaml: String) throws -> String {
        var bytes: [UInt8] = []
        try #require(try YAMLParser.parse(Array(yaml.utf8))).appendJSON(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func json(_ value: Telemetry.JSONValue) -> String {
        var bytes: [UInt8] = []
        JSONLine.append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Both as one value, for escapes may differ.
    private func expectRoundTrip(_ value: Telemetry.JSONValue) throws {
        let yaml = YAMLText.render(value)
        #expect(try decode(try read(yaml)) == decode(json(value)), "\(yaml)")
    }

    private func decode(_ text: String) throws -> TestSupport.JSONValue {
        try JSONDecoder().decode(TestSupport.JSONValue.self, from: Data(text.utf8))
    }

    @Test(
        "a string comes back as it was",
        arguments: [
            "", " ", "a", "node-a", "a b", "a ", " a", "-", "- a", "a: b", "a:", "a #b", "#a", "true", "True", "NO",
            "y", "null", "~", "1", "-1", "0x1f", "1e3", ".5", "1_000", "12:30:00", "2026-11-22", "*x", "&x", "!x", "|",
            ">", "%a", "@a", "`a", "\"a\"", "'a'", "[a]", "{a}", "a,b", "?", "a\nb", "a\n", "\ta", "a\\b", "ü", "日本",
            "a\u{7f}b", "a\u{85}b", "a\u{2028}b", "---", "...", "=", "<<", "\u{FEFF}a", "👍",
        ])
    func strings(text: String) throws {
        try expectRoundTrip(.string(text))
        try expectRoundTrip(.object([(text, .array([.string(text), .object([(text, .string(text))])]))]))
    }

    @Test("what some reader takes for a number is quoted", arguments: ["nan", "NaN", "inf", "Infinity"])
    func numbers(text: String) {
        #expect(YAMLText.render(.string(text)).contains("\"\(text)\""))
    }

    @Test("nested values come back as they were")
    func nested() throws {
        let values: [Telemetry.JSONValue] = [
            .null, .bool(true), .int(-7), .double(1.5), .array([]), .object([]),
            .array([.array([]), .array([.int(1), .array([.int(2)])]), .object([]), .null]),
            .array([.object([(String(repeating: "long", count: 300), .object([("a", 1)])), ("b", 2)])]),
            .object([(String(repeating: "\0", count: 200), .array([1, 2])), ("b", "")]),
            .object([
                ("a", .object([("b", .object([("c", .array([.object([("d", 1), ("e", .array([2, 3]))])]))]))])),
                ("f", .array([.object([("g", .object([("h", .null)]))])])), ("i", .object([])),
            ]),
        ]
        for value in values { try expectRoundTrip(value) }
    }

    @Test("it looks as people write it")
    func looks() {
        let value: Telemetry.JSONValue = .object([
            ("node", "node-a"), ("count", 2), ("pods", .array([.object([("name", "a"), ("reason", "a: b")])])),
            ("notes", .array([])),
        ])
        #expect(
            YAMLText.render(value) == """
                node: node-a
                count: 2
                pods:
                - name: a
                  reason: "a: b"
                notes: []

                """)
    }
}
