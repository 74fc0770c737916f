import Telemetry
import Timestamps

/// The families of a scrape in the text format, as a registry of their own with a value, and an exemplar where there
/// can be one, in each series.
enum Shape {
    /// `nil`: the scrape is not one that this project writes.
    static func registry(_ scrape: String) -> Registry? {
        let registry = Registry()
        var (help, type) = ("", "")
        var histogram: (labels: [(String, String)], bounds: [Double]) = ([], [])
        for line in scrape.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3)
            if line.hasPrefix("# HELP ") {
                help = words.count > 3 ? String(words[3]) : ""
                continue
            }
            if line.hasPrefix("# TYPE ") {
                type = String(words[3])
                continue
            }
            guard let series = series(line) else { return nil }
            switch type {
            case "counter":
                let counter = registry.counter(series.name, help: help, labels: Labels(series.labels))
                counter.increment(by: 17, exemplar: series.name.contains("attempts") ? exemplar(1) : nil)
            case "gauge" where series.name.hasSuffix("_info"):
                registry.info(series.name, help: help, labels: Labels(series.labels))
            case "gauge":
                let isMoment = series.name.hasSuffix("_timestamp_seconds")
                registry.gauge(series.name, help: help, labels: Labels(series.labels)).set(isMoment ? now.seconds : 3)
            default:
                guard !series.name.hasSuffix("_sum") else { continue }
                guard let bound = series.labels.last, bound.0 == "le", series.name.hasSuffix("_bucket") else {
                    let name = String(series.name.dropLast("_count".count))
                    fill(
                        registry.histogram(name, help: help, buckets: histogram.bounds, labels: Labels(series.labels)),
                        histogram.bounds)
                    histogram = ([], [])
                    continue
                }
                if let value = Double(bound.1), value.isFinite { histogram.bounds.append(value) }
            }
        }
        return registry
    }

    private static let now = Timestamp(nanoseconds: 1_790_000_000_123_456_789)

    private static func exemplar(_ value: Double) -> Exemplar {
        Exemplar(trace: TraceID(hashing: ["trace"]), span: SpanID(hashing: ["span"]), value: value, timestamp: now)
    }

    /// Each bucket gets an observation.
    private static func fill(_ histogram: Histogram, _ bounds: [Double]) {
        for bound in bounds + [1e6] {
            let value = bound - 0.0004
            histogram.observe(value, exemplar: exemplar(value))
        }
    }

    private static func series(_ line: Substring) -> (name: String, labels: [(String, String)])? {
        guard let space = line.lastIndex(of: " ") else { return nil }
        let head = line[..<space]
        guard let brace = head.firstIndex(of: "{") else { return (String(head), []) }
        let pairs = head[head.index(after: brace)...].dropLast().split(separator: ",").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1)
            return (String(parts[0]), String(parts.count == 2 ? parts[1].dropFirst().dropLast() : ""))
        }
        return (String(head[..<brace]), pairs)
    }
}
