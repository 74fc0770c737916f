import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

/// What docs/metrics.md says of a metric, and what the registry exposes.
private struct Metric: Equatable {
    var type: String
    /// Each label's values; none: any.
    var labels: [String: Set<String>]
}

@Suite("docs/metrics.md")
struct MetricsDocumentationTests {
    private static let anyValue: Set = ["version", "revision", "swift_version", "node", "pdb_namespace", "pdb", "code"]

    /// A drain that has more of everything than there can be.
    private static func worstCase(dryRun: Bool) async -> Registry {
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

    private static func exposed(_ registries: [Registry]) -> [String: Metric] {
        var metrics: [String: Metric] = [:]
        for family in registries.flatMap({ $0.collect() }) {
            var metric = metrics[family.name] ?? Metric(type: family.type.rawValue, labels: [:])
            for (name, value) in family.samples.flatMap(\.labels.pairs) where name != "le" {
                if anyValue.contains(name) {
                    metric.labels[name] = []
                } else {
                    metric.labels[name, default: []].insert(value)
                }
            }
            metrics[family.name] = metric
        }
        return metrics
    }

    private static func documented(_ heading: String) throws -> [String: Metric] {
        var metrics: [String: Metric] = [:]
        for row in try Documentation.table(heading) {
            let name = try #require(Documentation.words(row[0]).first)
            var labels: [String: Set<String>] = [:]
            for label in row[2].split(separator: ";") {
                let words = Documentation.words(label)
                labels[try #require(words.first)] = Set(words.dropFirst())
            }
            #expect(
                metrics.updateValue(Metric(type: row[1], labels: labels), forKey: name) == nil, "\(name) is there twice"
            )
            #expect(!row[3].isEmpty, "\(name) has no meaning")
        }
        return metrics
    }

    @Test("every metric, type, label and value that is exposed is documented, and the other way round")
    func metrics() async throws {
        let exposed = Self.exposed([await Self.worstCase(dryRun: false), await Self.worstCase(dryRun: true)])
        let documented = try Self.documented("Metrics of the drain")
        #expect(Set(documented.keys).subtracting(exposed.keys).isEmpty, "documented only")
        #expect(Set(exposed.keys).subtracting(documented.keys).isEmpty, "exposed only")
        for (name, metric) in exposed { #expect(documented[name] == metric, "\(name)") }
    }

    @Test("in the worst case there are at most 450 series, what the agent adds to them included")
    func cardinality() async throws {
        let registry = await Self.worstCase(dryRun: false)
        ProcessMetrics.register(in: registry)
        // Logs, scrapes and spans are counted by the agent around this.
        let process = try Self.documented("Metrics of the process").values.map {
            $0.labels.values.reduce(1) { $0 * $1.count }
        }
        let count = registry.collect().reduce(0) { $0 + $1.samples.count } + process.reduce(0, +)
        #expect(count <= 450)
        #expect(count > 300, "the worst case is not the worst: \(count)")
    }

    @Test("no metric of the drain carries a pod's name or the node's, but for the one that says it")
    func noPodNames() async {
        let registry = await Self.worstCase(dryRun: false)
        for sample in registry.collect().flatMap(\.samples) where sample.name != "drain_node_info" {
            #expect(!sample.labels.pairs.contains { ["pod", "node", "namespace"].contains($0.name) }, "\(sample.name)")
        }
    }
}
