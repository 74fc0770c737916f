import Telemetry
import TestSupport
import Testing

@Suite("a scrape, in both formats")
struct FormatsTests {
    @Test(
        "strict readers accept and read alike what a drain shows before, in the middle, at its end and at worst",
        .enabled(if: Oracle.python != nil, "DRAIN_AGENT_PYTHON names no Python with prometheus_client"))
    func agreement() async throws {
        let rig = Rig()
        var snapshots = [rig.registry.collect()]
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.onStep = { [observe = drain.onStep] drain, step in
            observe(drain, step)
            snapshots.append(rig.registry.collect())
        }
        #expect(drain.run(limit: .seconds(40)) == .paused)
        snapshots.append(rig.registry.collect())
        let finished = Rig()
        let whole = ScriptedDrain([.stub("a"), .stub("b")])
        finished.attach(to: whole)
        #expect(whole.run() == .ended)
        snapshots += [finished.registry.collect(), await WorstCase.registry().collect()]
        let pairs = snapshots.map { (PrometheusText.render($0), OpenMetricsText.render($0)) }
        #expect(try await FormatJudge.complaints(about: pairs) == "")
        #expect(pairs.contains { String(decoding: $0.1, as: UTF8.self).contains(" # {trace_id=") })
    }

    /// The shape that the benchmark of scrapes has.
    @Test("the worst case is the golden one")
    func worstCase() async throws {
        let registry = await WorstCase.registry()
        try WorstCase.addProcess(to: registry)
        let scrape = PrometheusText.render(registry.collect())
        #expect(String(decoding: scrape, as: UTF8.self) == (try Golden.text("worst-case.prom", renewedFrom: scrape)))
    }
}
