import DrainEngine
import DrainTelemetry
import Locking
import Telemetry
import Timestamps

/// The telemetry beside the books: what is told of a drain by status, metrics and spans must be what happened. Of some
/// seeds only, for it costs more than the drain.
final class TelemetryCheck {
    private let progress: DrainProgress
    private var metrics: (registry: Registry, observer: DrainMetrics)?
    private var spans: DrainSpans?
    private let finished = Lock<[Span]>([])
    private let clock = Lock(Timestamp(nanoseconds: 0))

    init?(_ plan: AgentPlan, seed: UInt64) {
        guard seed % 4 == 0 else { return nil }
        let node = plan.policy.node
        progress = DrainProgress(node: node)
        if seed % 16 == 0 {
            let registry = Registry()
            let time = TimeSource { [clock] in clock.withLock { $0 } }
            let build = BuildInfo(version: "0", revision: "none", swiftVersion: "6")
            metrics = (
                registry,
                DrainMetrics(
                    registry, build: build, node: node, dryRun: plan.policy.dryRun != .none, boot: "b", time: time)
            )
        }
        if seed % 16 == 4 {
            spans = DrainSpans(node: node, boot: "b", serverAddress: "api") { [finished] span in
                finished.withLock { $0.append(span) }
            }
        }
    }

    func observe(_ event: DrainEvent) {
        clock.withLock { $0 = event.at }
        progress.observe(event)
        metrics?.observer.observe(event)
        spans?.observe(event)
    }

    /// Compares, when the drain has ended.
    func check(_ witness: Witness) {
        checkStatus(witness)
        if let metrics { check(metrics.registry.collect(), witness) }
        if spans != nil { checkSpans(witness) }
    }

    private func checkStatus(_ witness: Witness) {
        let status = progress.current
        witness.demand(status.state == witness.state, .status, "status says \(status.state.rawValue)")
        witness.demand(status.pods.count == witness.pods.count, .status, "status has \(status.pods.count) pods")
        for (book, state) in zip(witness.pods, status.pods) {
            witness.demand(
                book.phase == state.phase && book.since == state.since && book.attempts == state.attempts
                    && state.wait == nil, .status,
                "status of \(book.pod): \(state.phase.rawValue) since \(state.since), \(state.attempts) attempts")
        }
        witness.demand(
            status.excluded.count == witness.excluded.count, .status, "status has \(status.excluded.count) excluded")
    }

    private func check(_ families: [MetricFamily], _ witness: Witness) {
        func values(_ name: String) -> [Double] { families.first { $0.name == name }?.samples.map(\.value) ?? [] }
        func compare(_ name: String, _ expected: [Double], _ invariant: Invariant = .counters) {
            let told = values("drain_\(name)")
            let isSame = told.count == expected.count && zip(told, expected).allSatisfy { abs($0 - $1) < 1e-3 }
            witness.demand(isSame, invariant, "\(name) is \(told), not \(expected)")
        }
        compare("eviction_attempts_total", EvictionAnswer.allCases.map { Double(witness.answers[$0] ?? 0) })
        compare(
            "pods_finished_total",
            PodResult.allCases.map { word in
                Double(witness.pods.count { $0.result == word })
            })
        compare(
            "pod_phase_seconds_total",
            PodPhase.allCases.map { phase in
                guard phase != .gone, phase != .failed else { return 0 }
                return witness.pods.reduce(0) { $0 + Double($1.spent(in: phase, at: witness.now)) / 1e9 }
            }, .phaseSeconds)
        compare("state", DrainState.allCases.map { $0 == witness.state ? 1 : 0 }, .status)
        compare(
            "pods_excluded",
            ExclusionReason.allCases.map { reason in
                Double(witness.excluded.values.count { $0 == reason })
            }, .status)
        compare("pods", PodPhase.allCases.map { Double(witness.counts[$0.place]) }, .status)
    }

    private func checkSpans(_ witness: Witness) {
        let spans = finished.withLock { $0 }
        let pods = spans.filter { $0.name == "pod.evict" }
        witness.demand(pods.count == witness.pods.count, .spans, "\(pods.count) spans of \(witness.pods.count) pods")
        witness.demand(spans.count { $0.name == "node.drain" } == 1, .spans, "not one root")
        for span in pods {
            let told = span.attributes.reduce(0.0) { sum, attribute in
                guard attribute.key.hasPrefix("drain.seconds."), case .double(let value) = attribute.value else {
                    return sum
                }
                return sum + value
            }
            let life = (span.end - span.start).inSeconds
            witness.demand(
                abs(told - life) < 1e-3, .phaseSeconds, "a pod's span lasts \(life) s, and its phases \(told) s")
        }
    }
}
