import Testing

@testable import Telemetry

@Suite struct ExpositionTests {
    @Test(
        "a value has the shortest digits that read back as the same number",
        arguments: [
            (0, "0"), (-0.0, "0"), (1, "1"), (-1, "-1"), (1.0, "1"), (0.1, "0.1"), (0.25, "0.25"), (1e6, "1000000"),
            (1_790_000_000, "1790000000"), (1_790_000_000.123457, "1790000000.123457"),
            (9_007_199_254_740_991, "9007199254740991"),
            (1e16, "1e+16"), (1e300, "1e+300"), (.leastNonzeroMagnitude, "5e-324"),
            (1.7976931348623157e308, "1.7976931348623157e+308"),
            (1e-5, "1e-05"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)])
    func values(value: Double, expected: String) {
        var bytes: [UInt8] = []
        Exposition.append(value: value, to: &bytes)
        #expect(text(bytes) == expected)
        if value.isFinite { #expect(Double(text(bytes)) == value) }
    }

    // OpenMetrics 1.0, "Canonical Numbers": the powers of ten are what Go's %g and a point make of them.
    @Test(
        "a bound is canonical",
        arguments: [
            (1, "1.0"), (0, "0.0"), (0.005, "0.005"), (0.5, "0.5"), (86400, "86400.0"), (100_000, "100000.0"),
            (1e6, "1e+06"),
            (1e7, "1e+07"), (1e10, "1e+10"), (1_234_567, "1.234567e+06"), (1_234_567.5, "1.2345675e+06"),
            (-1e6, "-1e+06"),
            (-2.5e6, "-2.5e+06"), (123_456.75, "123456.75"), (1e-5, "1e-05"), (1e-10, "1e-10"), (0.0001, "0.0001"),
            (1e16, "1e+16"), (.infinity, "+Inf"),
        ] as [(Double, String)])
    func bounds(bound: Double, expected: String) {
        #expect(Exposition.bound(bound) == expected)
        if bound.isFinite { #expect(Double(Exposition.bound(bound)) == bound) }
    }

    @Test(
        "label values have backslashes, quotes and newlines escaped, and nothing else",
        arguments: [
            ("", ""), ("plain", "plain"), (#"a"b"#, #"a\"b"#), (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#),
            (#"\n"#, #"\\n"#),
            (#"\""#, #"\\\""#), ("🚀 grüße", "🚀 grüße"), ("tab\t\r", "tab\t\r"),
        ])
    func labelValues(value: String, expected: String) {
        #expect(text(Exposition.head("name", ["a": value])) == "name{a=\"\(expected)\"} ")
    }

    @Test("help has backslashes and newlines escaped, and quotes only where the format wants it")
    func help() {
        var plain: [UInt8] = []
        Exposition.appendEscaped("say \"hi\"\\\n", quotes: false, to: &plain)
        #expect(text(plain) == #"say "hi"\\\n"#)
        var quoted: [UInt8] = []
        Exposition.appendEscaped("say \"hi\"\\\n", quotes: true, to: &quoted)
        #expect(text(quoted) == #"say \"hi\"\\\n"#)
    }

    @Test("a series without labels has no braces; several labels are separated by commas")
    func heads() {
        #expect(text(Exposition.head("up", [:])) == "up ")
        #expect(text(Exposition.head("up", ["b": "2", "a": "1"])) == #"up{b="2",a="1"} "#)
    }
}
