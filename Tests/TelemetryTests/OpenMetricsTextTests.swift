import FoundationEssentials
import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import Telemetry

@Suite struct OpenMetricsTextTests {
    @Test("a scrape is the golden one")
    func golden() throws {
        let scrape = OpenMetricsText.render(PrometheusTextTests.registry().collect())
        #expect(text(scrape) == (try Golden.text("telemetry.openmetrics", renewedFrom: scrape)))
    }

    @Test("nothing registered is an end and nothing before it")
    func empty() { #expect(text(OpenMetricsText.render(Registry().collect())) == "# EOF\n") }

    @Test(
        "an exemplar's moment has milliseconds and no exponent",
        arguments: [
            (nil, ""), (0, " 0.000"), (1_790_000_000_125_999_999, " 1790000000.125"), (7_000_000, " 0.007"),
            (1_790_000_000_000_000_000, " 1790000000.000"), (-1_500_000_000, " -1.500"), (99_000_000, " 0.099"),
        ] as [(Int64?, String)])
    func exemplarMoments(nanoseconds: Int64?, expected: String) {
        let registry = Registry()
        let moment = nanoseconds.map { Timestamp(nanoseconds: $0) }
        registry.counter("a_total", help: "").increment(
            exemplar: Exemplar(labels: ["trace_id": "ab", "span_id": "cd"], value: 0.25, timestamp: moment))
        let line = text(OpenMetricsText.render(registry.collect())).split(separator: "\n").first { $0.contains(" # {") }
        #expect(line.map(String.init) == #"a_total 1 # {trace_id="ab",span_id="cd"} 0.25"# + expected)
    }

    @Test(
        "what the registry allows, both readers read alike",
        .enabled(if: Oracle.python != nil, "DRAIN_AGENT_PYTHON names no Python with prometheus_client"))
    func agreement() async throws {
        let families = PrometheusTextTests.registry().collect()
        let complaints = try await FormatJudge.complaints(about: [
            (PrometheusText.render(families), OpenMetricsText.render(families))
        ])
        #expect(complaints == "")
    }

    /// What was registered, and the scrapes of it.
    private struct Fuzz: Encodable {
        var expected: [String: [String]] = [:]
        var text = ""
        var openmetrics = ""
    }

    @Test(
        "10,000 label values and help texts of whatever kind round-trip through the Python client's parsers",
        .enabled(if: Oracle.python != nil, "DRAIN_AGENT_PYTHON names no Python with prometheus_client"),
        arguments: [UInt64(1)])
    func fuzz(seed: UInt64) async throws {
        var random = SplitMix64(seed: seed)
        let registry = Registry()
        var fuzz = Fuzz()
        for index in 0..<10_000 {
            let (help, value) = (hostileText(&random), hostileText(&random))
            registry.counter("fuzz\(index)_total", help: help, labels: ["value": value, "other": "}"]).increment(
                exemplar: Exemplar(labels: ["trace_id": "ab"], value: 1))
            fuzz.expected["fuzz\(index)"] = [help, value]
        }
        let families = registry.collect()
        fuzz.text = TelemetryTests.text(PrometheusText.render(families))
        fuzz.openmetrics = TelemetryTests.text(OpenMetricsText.render(families))
        let verdict = try await Oracle.ask(
            Oracle.python, ["-c", Self.script], about: Array(JSONEncoder().encode(fuzz)))
        #expect(verdict.succeeded, "\(verdict.complaints)")
        #expect(verdict.output == "10000 10000\n")
    }

    /// The reader of the text format cuts the ends of a help text off; all else is exact.
    private static let script = """
        import json, sys
        from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
        from prometheus_client.parser import text_string_to_metric_families as read_text
        fuzz = json.load(sys.stdin)
        expected = fuzz["expected"]
        openmetrics, text = list(read_openmetrics(fuzz["openmetrics"])), list(read_text(fuzz["text"]))
        for families in openmetrics, text:
            for family in families:
                help, value = expected[family.name]
                (sample,) = family.samples
                assert sample.labels == {"value": value, "other": "}"}, (family.name, sample.labels, value)
                cut = str.strip if families is text else str
                assert cut(family.documentation) == cut(help), (family.name, family.documentation, help)
        print(len(openmetrics), len(text))
        """
}

/// Mostly short, of everything that might mean something to somebody; one in 500 very long.
private func hostileText(_ random: inout SplitMix64) -> String {
    let length = Int.random(in: 0..<500, using: &random) == 0 ? 5000 : Int.random(in: 0...12, using: &random)
    var text = ""
    while text.unicodeScalars.count < length {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text += hostileTexts.randomElement(using: &random) ?? ""
        case 1:
            text +=
                ["\\", "\"", "\n", "\\n", "\r", "\0", "{", "}", "=", ",", " # ", "#", " ", "\t"].randomElement(
                    using: &random) ?? ""
        case 2:
            text +=
                ["\u{202e}", "\u{200f}", "שלום", "\u{1f}", "\u{85}", "\u{2028}", "\u{10ffff}"].randomElement(
                    using: &random) ?? ""
        default: Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &random)).map { text.unicodeScalars.append($0) }
        }
    }
    return text
}
