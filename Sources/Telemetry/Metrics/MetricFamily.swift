public enum MetricType: String, Sendable { case counter, gauge, histogram, info }

/// What one metric was worth at one moment: what the renderers read.
public struct MetricFamily: Sendable {
    /// As registered: with `_total` or `_info`.
    public var name: String
    public var help: String
    public var type: MetricType
    /// In the order of registration; a histogram's are its buckets, `_sum` and `_count`.
    public var samples: [Sample]

    /// The name as OpenMetrics writes it in metadata: without `_total` or `_info`.
    public var baseName: Substring {
        switch type {
        case .counter: name.dropLast("_total".count)
        case .info: name.dropLast("_info".count)
        case .gauge, .histogram: name[...]
        }
    }

    /// The base unit that the name ends in.
    public var unit: String? { ["seconds", "bytes"].first { baseName.hasSuffix("_\($0)") } }
}

/// One line of a scrape.
public struct Sample: Sendable {
    /// The name and the labels, ready to be written.
    let head: SampleHead
    public var value: Double
    public var exemplar: Exemplar?

    /// With a histogram's `_bucket`, `_sum` and `_count`.
    public var name: String { head.name }
    /// With a bucket's `le`.
    public var labels: Labels { head.labels }
}

/// What of a sample never changes: rendered once, when its series is registered.
final class SampleHead: Sendable {
    let name: String
    let labels: Labels
    /// `name{label="value"} `, the same in every format.
    let bytes: [UInt8]

    init(_ name: String, _ labels: Labels) {
        self.name = name
        self.labels = labels
        bytes = Exposition.head(name, labels)
    }
}
