import FoundationEssentials
import TestSupport
import Testing
import Timestamps

@testable import Telemetry

@Suite struct PrometheusTextTests {
    /// One of everything, with every kind of value.
    static func registry() -> Registry {
        let registry = Registry()
        registry.info("drain_build_info", help: "What is running.", labels: ["version": "1.2.3", "revision": "abc"])
        let pods = ["queued", "gone"].map {
            registry.gauge("drain_pods", help: "Pods by phase.", labels: ["phase": $0])
        }
        pods[1].set(3)
        let counter = registry.counter("drain_eviction_attempts_total", help: #"A "help" with \ and"# + "\na newline.")
        counter.increment(exemplar: Exemplar(labels: ["trace_id": "abc"], value: 1))
        registry.counter("drain_pod_phase_seconds_total", help: "Pod-seconds.").increment(by: 1234.5678)
        registry.gauge("drain_start_timestamp_seconds", help: "Start.").set(
            Timestamp(nanoseconds: 1_790_000_000_123_456_789))
        registry.gauge("drain_extreme", help: "Numbers.", labels: ["is": "not a number"]).set(.nan)
        registry.gauge("drain_extreme", help: "Numbers.", labels: ["is": "infinite"]).set(.infinity)
        registry.gauge("drain_extreme", help: "Numbers.", labels: ["is": "negative"]).set(-.infinity)
        registry.gauge("drain_extreme", help: "Numbers.", labels: ["is": "tiny"]).set(.leastNonzeroMagnitude)
        let histogram = registry.histogram(
            "drain_duration_seconds", help: "Drains.", buckets: [0.5, 1, 60, 86400, 1e6],
            labels: ["outcome": "completed"])
        for value in [0.25, 42, 100_000] { histogram.observe(value, exemplar: Exemplar(labels: [:], value: value)) }
        for (index, value) in hostileTexts.enumerated() {
            registry.gauge("drain_hostile", help: "Label values.", labels: ["n": "\(index)", "v": value]).set(
                Double(index))
        }
        return registry
    }

    @Test("a scrape is the golden one")
    func golden() throws {
        let scrape = PrometheusText.render(Self.registry().collect())
        #expect(text(scrape) == (try Golden.text("telemetry.prom", renewedFrom: scrape)))
    }

    @Test("nothing registered is an empty scrape")
    func empty() { #expect(PrometheusText.render(Registry().collect()).isEmpty) }

    private struct Row: Decodable, Equatable {
        var name: String
        var labels: [String: String]
        var value: String
    }

    @Test(
        "the Python client reads the same series and values",
        .enabled(if: Oracle.python != nil, "DRAIN_AGENT_PYTHON names no Python with prometheus_client"))
    func pythonParser() async throws {
        let script = """
            import json, sys
            from prometheus_client.parser import text_fd_to_metric_families as parse
            text = sys.stdin.buffer.read().decode()
            import io
            rows = [dict(name=s.name, labels=s.labels, value=float(s.value).hex())
                    for family in parse(io.StringIO(text, newline="\\n")) for s in family.samples]
            print(json.dumps(rows))
            """
        let registry = Self.registry()
        let verdict = try await Oracle.ask(
            Oracle.python, ["-c", script], about: PrometheusText.render(registry.collect()))
        #expect(verdict.succeeded, "\(verdict.complaints)")
        let rows = try JSONDecoder().decode([Row].self, from: Data(verdict.output.utf8))
        let samples = registry.collect().flatMap(\.samples)
        #expect(rows.count == samples.count)
        for (row, sample) in zip(rows, samples) {
            #expect(row.name == sample.name)
            let labels = Dictionary(uniqueKeysWithValues: sample.labels.pairs.map { ($0.name, $0.value) })
            #expect(row.labels == labels)
            let value = try #require(Double(row.value))
            #expect(value == sample.value || (value.isNaN && sample.value.isNaN))
        }
    }

    @Test(
        "promtool has nothing to say against it",
        .enabled(if: Oracle.promtool != nil, "promtool is not installed"))
    func promtool() async throws {
        let scrape = PrometheusText.render(Self.registry().collect())
        let verdict = try await Oracle.ask(Oracle.promtool, ["check", "metrics"], about: scrape)
        #expect(verdict.succeeded, "\(verdict.complaints)\(verdict.output)")
    }
}
