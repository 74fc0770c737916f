import Testing

@testable import Telemetry

@Suite struct TraceParentTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let span = "00f067aa0ba902b7"

    @Test(
        "a header that the standard allows",
        arguments: [
            ("00-\(trace)-\(span)-01", true), ("00-\(trace)-\(span)-00", false), ("00-\(trace)-\(span)-03", true),
            ("00-\(trace)-\(span)-ff", true), ("00-\(trace)-\(span)-02", false), ("01-\(trace)-\(span)-01", true),
            ("cc-\(trace)-\(span)-01-what-the-future-brings", true), ("cc-\(trace)-\(span)-00-", false),
            ("fe-\(trace)-\(span)-01", true),
        ])
    func accepted(header: String, sampled: Bool) throws {
        let parent = try #require(TraceParent(parsing: header))
        #expect(parent.traceID.description == Self.trace)
        #expect(parent.spanID.description == Self.span)
        #expect(parent.sampled == sampled)
    }

    @Test(
        "a header that it does not",
        arguments: [
            "", "-", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-", "00-\(trace)-\(span)-1",
            "00-\(trace)-\(span)-011",
            "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01-more", "cc-\(trace)-\(span)-01.more",
            "cc-\(trace)-\(span)-011",
            "ff-\(trace)-\(span)-01", "ff-\(trace)-\(span)-01-more", "0-\(trace)-\(span)-01", "000-\(trace)-\(span)-01",
            "0g-\(trace)-\(span)-01", "CC-\(trace)-\(span)-01", "00-00000000000000000000000000000000-\(span)-01",
            "00-\(trace)-0000000000000000-01", "00-4BF92F3577B34DA6A3CE929D0E0E4736-\(span)-01",
            "00-\(trace)-00F067AA0BA902B7-01",
            "00-\(trace)-\(span)-0A", "00-\(trace)-\(span)-0x", "00-\(trace.dropLast())-\(span)-01",
            "00-\(trace)0-\(span)-01",
            "00-\(trace)-\(span)0-01", "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
            " 00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01 ", "00-\(trace)-\(span)-01\n", "00-\(trace)-\(span)-0é",
            "00-.bf92f3577b34da6a3ce929d0e0e4736-\(span)-01", String(repeating: "0", count: 55),
            "00-\(trace)-\(span)-01,00-\(trace)-\(span)-01",
        ])
    func refused(header: String) { #expect(TraceParent(parsing: header) == nil) }

    @Test("what is sent reads back", arguments: [true, false])
    func roundTrip(sampled: Bool) {
        let parent = TraceParent(traceID: TraceID(hashing: ["t"]), spanID: SpanID(hashing: ["s"]), sampled: sampled)
        #expect(parent.header.utf8.count == 55)
        #expect(TraceParent(parsing: parent.header) == parent)
    }
}
