import Testing
import Timestamps

@testable import Telemetry

@Suite struct RegistryTests {
    @Test("the same name and labels are the same instrument, whatever the order of the labels")
    func sameInstrument() {
        let registry = Registry()
        let first = registry.counter("a_total", help: "First.", labels: ["x": "1", "y": "2"])
        let second = registry.counter("a_total", help: "Second.", labels: ["y": "2", "x": "1"])
        #expect(first === second)
        #expect(registry.counter("a_total", help: "", labels: ["x": "1"]) !== first)
        #expect(registry.collect().map(\.help) == ["First."])
    }

    @Test("families and series come out in the order of their registration")
    func order() {
        let registry = Registry()
        _ = registry.gauge("z", help: "")
        _ = registry.counter("m_total", help: "", labels: ["k": "b"])
        _ = registry.gauge("a", help: "")
        _ = registry.counter("m_total", help: "", labels: ["k": "a"])
        #expect(registry.sampleLines() == ["z 0", #"m_total{k="b"} 0"#, #"m_total{k="a"} 0"#, "a 0"])
    }

    @Test("a removed series is gone, a family without series is not mentioned, and one that comes back starts anew")
    func removal() {
        let registry = Registry()
        let gauge = registry.gauge("blocked", help: "Blocked.", labels: ["pdb": "a", "ns": "b"])
        gauge.set(3)
        registry.remove("blocked", labels: ["ns": "b", "pdb": "other"])
        #expect(registry.sampleLines() == [#"blocked{pdb="a",ns="b"} 3"#])
        registry.remove("blocked", labels: ["ns": "b", "pdb": "a"])
        registry.remove("never_registered", labels: [:])
        #expect(PrometheusText.render(registry.collect()).isEmpty)
        gauge.set(4)
        #expect(registry.collect().isEmpty)
        _ = registry.gauge("blocked", help: "Other.", labels: ["pdb": "a", "ns": "b"])
        #expect(text(PrometheusText.render(registry.collect())).hasPrefix("# HELP blocked Blocked.\n"))
        #expect(registry.sampleLines() == [#"blocked{pdb="a",ns="b"} 0"#])
    }

    @Test("hooks run before each snapshot, and may register")
    func hooks() {
        let registry = Registry()
        let scrapes = registry.counter("scrapes_total", help: "")
        registry.onCollect { [weak registry] in
            scrapes.increment()
            registry?.gauge("late", help: "").set(scrapes.value)
        }
        _ = registry.collect()
        #expect(registry.sampleLines() == ["scrapes_total 2", "late 2"])
    }

    @Test("a gauge takes moments as seconds, and none as 0")
    func moments() {
        let gauge = Registry().gauge("start_timestamp_seconds", help: "")
        gauge.set(Timestamp(nanoseconds: 1_790_000_000_250_000_000))
        #expect(gauge.value == 1_790_000_000.25)
        gauge.set(nil)
        #expect(gauge.value == 0)
        gauge.set(-2.5)
        #expect(gauge.value == -2.5)
    }

    @Test("an exemplar stays with its counter until the next; one that is too long is left out")
    func counterExemplars() throws {
        let registry = Registry()
        let counter = registry.counter("a_total", help: "")
        let trace = TraceID(hashing: ["t"])
        let exemplar = Exemplar(trace: trace, span: SpanID(hashing: ["s"]), value: 1, timestamp: Timestamp(seconds: 7))
        counter.increment(exemplar: exemplar)
        counter.increment(by: 2.5)
        counter.increment(exemplar: Exemplar(labels: ["x": String(repeating: "🚀", count: 128)], value: 1))
        let sample = try #require(registry.collect().first?.samples.first)
        #expect(sample.value == 4.5)
        #expect(sample.exemplar == exemplar)
        #expect(sample.exemplar?.labels["trace_id"] == trace.description)
        counter.increment(exemplar: Exemplar(labels: ["x": String(repeating: "🚀", count: 127)], value: 1))
        #expect(registry.collect().first?.samples.first?.exemplar?.labels["x"]?.count == 127)
    }

    @Test(
        "names, base names and units",
        arguments: [
            ("drain_pod_phase_seconds_total", .counter, "drain_pod_phase_seconds", "seconds"),
            ("a_total", .counter, "a", nil),
            ("build_info", .info, "build", nil), ("x_bytes", .gauge, "x_bytes", "bytes"),
            ("seconds", .gauge, "seconds", nil),
            ("wait_duration_seconds", .histogram, "wait_duration_seconds", "seconds"),
        ] as [(String, MetricType, String, String?)])
    func baseNames(name: String, type: MetricType, base: String, unit: String?) {
        #expect(type.baseName(of: name) == base)
        #expect(MetricFamily.unit(of: base) == unit)
    }
}
