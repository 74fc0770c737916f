import Testing

@testable import Telemetry

@Suite struct TraceIDTests {
    // From an implementation of the same rules in another language.
    @Test(
        "the hash is the same everywhere and for ever",
        arguments: [
            ([], "cc50ef3be8e4db91ccfa56133b4cbb04", "00aab928d3a86095"),
            ([""], "183da7fb9f2089a1a8870eaf01b53ffc", "b0baa9549e95b65d"),
            (["drain-1"], "aa581cc197497f91385cd456bd260554", "9204c8972a6f7ac5"),
            (["ab", "c"], "c5ee3a34f09b808ba45e78f3c176cdce", "61b042c731ed4d45"),
            (["a", "bc"], "0a51b5e18fea9b78e424ed05f011370e", "ee7558e47ffbac76"),
            (["node-a", "ümläut 🚀", "7"], "6c2b9bb814f45f1b58f884dfca7e2e4b", "34d31f67de8a7150"),
        ] as [([String], String, String)])
    func vectors(parts: [String], trace: String, span: String) {
        #expect(TraceID(hashing: parts).description == trace)
        #expect(SpanID(hashing: parts).description == span)
    }

    @Test("a hundred thousand neighbours do not collide, and every bit is used")
    func collisions() {
        var traces: Set<TraceID> = []
        var spans: Set<SpanID> = []
        var ones = [Int](repeating: 0, count: 64)
        for number in 0..<50_000 {
            for parts in [["drain", "\(number)"], ["drain\(number)", ""]] {
                traces.insert(TraceID(hashing: parts))
                let span = SpanID(hashing: parts)
                spans.insert(span)
                for bit in 0..<64 where span.value >> UInt64(bit) & 1 == 1 { ones[bit] += 1 }
            }
        }
        #expect(traces.count == 100_000)
        #expect(spans.count == 100_000)
        #expect(ones.allSatisfy { (49_000...51_000).contains($0) })
    }

    @Test("hex reads back")
    func roundTrip() {
        let trace = TraceID(hashing: ["a"])
        #expect(TraceID(hex: trace.description) == trace)
        let span = SpanID(hashing: ["a"])
        #expect(SpanID(hex: span.description) == span)
        #expect(SpanID(hex: "00000000000000ab")?.description == "00000000000000ab")
    }

    @Test(
        "only so many lower-case hex digits, and not all of them zero",
        arguments: [
            "", "0", "00000000000000000000000000000000", "0000000000000000", "0123456789ABCDEF0123456789ABCDEF",
            "0123456789ABCDEF",
            "0123456789abcdef0123456789abcdeg", "0123456789abcde", "0123456789abcdef0", "0123456789abcde ",
            "+123456789abcdef",
            "é123456789abcde", "0123456789abcdef0123456789abcdef0",
        ])
    func refused(hex: String) {
        #expect(TraceID(hex: hex) == nil)
        #expect(SpanID(hex: hex) == nil)
    }
}
