import DrainEngine
import Telemetry
import Timestamps

/// The gauges of the budgets that block someone now: there while they mean something, at most 20 at a time.
struct BudgetSeries {
    struct Key: Hashable {
        var namespace: String
        var name: String
    }

    private struct Entry {
        var waits: [Int: Timestamp] = [:]
        var order: Int
    }

    static let cap = 20

    private let registry: Registry
    private let suppressed: Gauge
    private var entries: [Key: Entry] = [:]
    private var shown: Set<Key> = []
    /// May come before the wait that it is about.
    private var verdicts: [Key: BudgetVerdict] = [:]
    private var arrivals = 0

    init(_ registry: Registry, suppressed: Gauge) {
        self.registry = registry
        self.suppressed = suppressed
    }

    mutating func began(_ wait: PodWait) {
        guard let key = Key(wait.blocker) else { return }
        if entries[key] == nil {
            entries[key] = Entry(order: arrivals)
            arrivals += 1
        }
        entries[key]?.waits[wait.index] = wait.since
        show()
        publish(key)
    }

    mutating func ended(_ wait: PodWait) {
        guard let key = Key(wait.blocker) else { return }
        entries[key]?.waits[wait.index] = nil
        if entries[key]?.waits.isEmpty == true {
            entries[key] = nil
            verdicts[key] = nil
            if shown.remove(key) != nil {
                registry.remove("drain_pdb_wait_start_timestamp_seconds", labels: key.labels)
                registry.remove("drain_pdb_blocked_pods", labels: key.labels)
                registry.remove("drain_pdb_unsatisfiable", labels: key.labels)
            }
        }
        show()
        publish(key)
    }

    mutating func judged(_ judgement: Judgement) {
        guard let key = Key(judgement.blocker) else { return }
        verdicts[key] = judgement.verdict
        publish(key)
    }

    /// Room that has come free goes to those that have waited longest.
    private mutating func show() {
        let hidden = entries.filter { !shown.contains($0.key) }.sorted { $0.value.order < $1.value.order }
        for (key, _) in hidden.prefix(max(0, Self.cap - shown.count)) {
            shown.insert(key)
            publish(key)
        }
        suppressed.set(Double(entries.count - shown.count))
    }

    private func publish(_ key: Key) {
        guard shown.contains(key), let waits = entries[key]?.waits else { return }
        registry.gauge(
            "drain_pdb_wait_start_timestamp_seconds",
            help: "When the longest current wait on this budget began.", labels: key.labels
        ).set(waits.values.min())
        registry.gauge("drain_pdb_blocked_pods", help: "Pods that this budget refuses now.", labels: key.labels)
            .set(Double(waits.count))
        registry.gauge(
            "drain_pdb_unsatisfiable", help: "1: this budget can never allow its pods as things stand.",
            labels: key.labels
        ).set(verdicts[key]?.isForGood == true ? 1 : 0)
    }
}

extension BudgetSeries.Key {
    /// Nothing for a webhook, or for several budgets at once: no budget can be named.
    init?(_ blocker: Blocker) {
        guard case .budget(let namespace, let name) = blocker else { return nil }
        self.init(namespace: namespace, name: name)
    }

    var labels: Labels { ["pdb_namespace": namespace, "pdb": name] }
}
