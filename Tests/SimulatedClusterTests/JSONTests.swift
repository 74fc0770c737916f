import Testing

@testable import SimulatedCluster

@Suite("JSON")
struct JSONTests {
    @Test(
        "a document survives being written and read",
        arguments: [
            ["a": 1, "b": [true, .null, "x\"\\\n\u{1}é"], "c": ["d": -7]], [], [:], "text", 12, .number(1.5),
        ] as [JSON])
    func roundTrip(_ json: JSON) throws {
        #expect(try JSON(parsing: json.bytes) == json)
    }

    @Test("what is not JSON is refused", arguments: ["", "{", "{\"a\":}", "nonsense"])
    func malformed(_ text: String) {
        #expect(throws: JSON.Malformed.self) { try JSON(parsing: Array(text.utf8)) }
    }
}
