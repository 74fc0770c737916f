import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Timestamps

@testable import DrainEngine

/// As many series as there can ever be.
enum WorstCase {
    /// A drain that has more of everything than there can be.
    static func registry(dryRun: Bool = false) async -> Registry {
        let rig = Rig(dryRun: dryRun)
        let api = APIMetrics(rig.registry)
        _ = ClusterReporter(
            ClusterReporter.Settings(), node: "n", boot: "b", registry: rig.registry, time: .anchored(),
            say: { _, _, _ in })
        for number in 0..<40 {
            let pod = Pod.stub("p\(number)").identity
            let wait = PodWait(
                index: number, pod: pod, number: 1, blocker: .budget(namespace: "demo", name: "b\(number)"),
                since: ScriptedDrain.epoch, refusals: 1, firstMessage: "", lastMessage: "")
            rig.metrics.observe(DrainEvent(at: ScriptedDrain.epoch, .waitBegan(wait)))
        }
        let calls: [APICall] = [
            .evict(Pod.stub("a").identity, DeleteOptions()), .listPods(node: "n", .cache()), .readNode("n"),
            .setUnschedulable(node: "n", true), .listLeases(namespace: "n"),
        ]
        for code in Array(400..<420) + [nil] {
            let answer: Exchange.Answer = code.map { .refusal(Status(code: $0)) } ?? .away
            let send = api.measuring { (_: APIRequest) in
                Exchange(answer: answer, sent: ScriptedDrain.epoch, received: ScriptedDrain.epoch)
            }
            for call in calls { _ = await send(APIRequest(call)) }
            let watch = api.measuring { (_: WatchRequest) in
                AsyncStream {
                    $0.yield(.ended(.error, detail: "", status: code.map { Status(code: $0) }))
                    $0.finish()
                }
            }
            for await _ in watch(WatchRequest(.pods(node: "n"), resourceVersion: "1", timeoutSeconds: 300)) {}
        }
        return rig.registry
    }

    /// What the agent counts around the drain, by docs/metrics.md: logs, scrapes, spans and the certificate.
    static func addProcess(to registry: Registry) throws {
        for row in try Documentation.table("Metrics of the process") {
            let labels = row[2].split(separator: ";").map { Documentation.words($0) }
            let series = labels.reduce([[]] as [[(String, String)]]) { series, label in
                series.flatMap { pairs in label.dropFirst().map { pairs + [(label[0], $0)] } }
            }
            for pairs in series {
                let (name, labels) = (Documentation.words(row[0])[0], Labels(pairs))
                if row[1] == "gauge" {
                    _ = registry.gauge(name, help: row[3], labels: labels)
                } else {
                    _ = registry.counter(name, help: row[3], labels: labels)
                }
            }
        }
    }
}
