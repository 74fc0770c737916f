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
        let exposed = Self.exposed([await WorstCase.registry(), await WorstCase.registry(dryRun: true)])
        let documented = try Self.documented("Metrics of the drain")
        #expect(Set(documented.keys).subtracting(exposed.keys).isEmpty, "documented only")
        #expect(Set(exposed.keys).subtracting(documented.keys).isEmpty, "exposed only")
        for (name, metric) in exposed { #expect(documented[name] == metric, "\(name)") }
    }

    @Test("in the worst case there are at most 450 series, what the agent adds to them included")
    func cardinality() async throws {
        let registry = await WorstCase.registry()
        try WorstCase.addProcess(to: registry)
        ProcessMetrics.register(in: registry)
        let count = registry.collect().reduce(0) { $0 + $1.samples.count }
        #expect(count <= 450)
        #expect(count > 300, "the worst case is not the worst: \(count)")
    }

    @Test("no metric of the drain carries a pod's name or the node's, but for the one that says it")
    func noPodNames() async {
        let registry = await WorstCase.registry()
        for sample in registry.collect().flatMap(\.samples) where sample.name != "drain_node_info" {
            #expect(!sample.labels.pairs.contains { ["pod", "node", "namespace"].contains($0.name) }, "\(sample.name)")
        }
    }
}
