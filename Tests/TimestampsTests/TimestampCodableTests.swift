import FoundationEssentials
import Testing
import Timestamps

@Suite("Timestamp in JSON")
struct TimestampCodableTests {
    @Test(
        "whole seconds have no fraction, everything else has six digits",
        arguments: [
            (1_795_363_071_000_000_000, #"["2026-11-22T15:57:51Z"]"#),
            (1_795_363_071_250_000_000, #"["2026-11-22T15:57:51.250000Z"]"#),
        ] as [(Int64, String)])
    func encodes(nanoseconds: Int64, json: String) throws {
        let encoded = try JSONEncoder().encode([Timestamp(nanoseconds: nanoseconds)])
        #expect(String(decoding: encoded, as: UTF8.self) == json)
        #expect(try JSONDecoder().decode([Timestamp].self, from: encoded) == [Timestamp(nanoseconds: nanoseconds)])
    }

    @Test("what is no time is refused with its text", arguments: [#"["soon"]"#, "[5]", #"[""]"#])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Timestamp].self, from: Data(json.utf8)) }
    }
}
