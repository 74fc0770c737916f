import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Locking
import Telemetry
import TestSupport
import Timestamps

/// A drain in its world, with all of its telemetry around it.
final class Rig: Sendable {
    let registry = Registry()
    let metrics: DrainMetrics
    let spanObserver: DrainSpans
    let log: DrainLog
    let progress = DrainProgress(node: "node-a")
    private let clock = Lock(ScriptedDrain.epoch)
    private let finishedSpans = Lock<[Span]>([])
    private let lines = Lock<[LogLine]>([])

    init(dryRun: Bool = false) {
        metrics = DrainMetrics(
            registry, build: BuildInfo(version: "1.0.0", revision: "abc", swiftVersion: "6.3"), node: "node-a",
            dryRun: dryRun, boot: "boot-1", time: TimeSource { [clock] in clock.withLock { $0 } })
        spanObserver = DrainSpans(node: "node-a", boot: "boot-1", serverAddress: "10.0.0.1") { [finishedSpans] span in
            finishedSpans.withLock { $0.append(span) }
        }
        log = DrainLog(node: "node-a", boot: "boot-1") { [lines] line in lines.withLock { $0.append(line) } }
    }

    func attach(to drain: ScriptedDrain) {
        drain.onStep = { [self] drain, step in
            clock.withLock { $0 = drain.now }
            step.events.forEach(observe)
        }
    }

    func observe(_ event: DrainEvent) {
        clock.withLock { $0 = max($0, event.at) }
        for observer in [metrics, spanObserver, log, progress] as [any DrainObserver] { observer.observe(event) }
    }

    func observe(_ fact: DrainEvent.Fact, at offset: Duration = .zero) {
        observe(DrainEvent(at: ScriptedDrain.epoch + offset, fact))
    }

    /// What a scrape at that time of the drain answers.
    func scrape(at offset: Duration) -> [UInt8] {
        clock.withLock { $0 = ScriptedDrain.epoch + offset }
        return PrometheusText.render(registry.collect())
    }

    var spans: [Span] { finishedSpans.withLock { $0 } }
    var logLines: [LogLine] { lines.withLock { $0 } }

    /// A series' value now; labels as pairs of name and value.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        for family in registry.collect() {
            for sample in family.samples where sample.name == name {
                let pairs = Dictionary(uniqueKeysWithValues: sample.labels.pairs.map { ($0.name, $0.value) })
                if pairs == labels { return sample.value }
            }
        }
        return nil
    }
}

extension ScriptedDrain {
    /// Pods in every phase, three blockers, two that are left, one that has arrived: as it is 20 s after the start.
    static func busy() -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        policy.concurrency = 3
        policy.maxRetries = 0
        let pods: [Pod] = [
            .stub("api-0"), .stub("bad-0"), .stub("db-0"), .stub("db-1"), .stub("kv-0"),
            .stub("logs", owner: .daemonSet("logs")),
            .stub("old-0", finalizers: ["example.com/hold"], deletion: epoch + .seconds(3)),
            .stub("stuck-0"), .stub("web-0"), .stub("web-1"), .stub("zz-0"),
            .stub("proxy", namespace: "kube-system", annotations: [Pod.mirrorAnnotation: "x"]),
        ]
        let drain = ScriptedDrain(pods, policy: policy, seed: 4)
        drain.script = { call, _ in
            guard case .evict(let pod, _) = call else { return nil }
            switch pod.name {
            case "api-0": return .init(.serverError, retryAfter: .seconds(30))
            case "bad-0": return .init(.badRequest)
            case "db-0", "db-1": return .init(.budget("db"))
            case "kv-0": return .init(.webhook("migrate.example.com"))
            case "zz-0": return .init(.created, after: nil)
            default: return nil
            }
        }
        drain.termination = { $0.name == "stuck-0" ? nil : .seconds(2) }
        drain.at(.seconds(10)) { $0.put(.stub("late", scheduled: epoch + .seconds(9))) }
        return drain
    }
}
