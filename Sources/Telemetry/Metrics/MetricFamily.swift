public enum MetricType: String, Sendable {
    case counter, gauge, histogram, info

    /// The name as OpenMetrics writes it in metadata: without `_total` or `_info`.
    func baseName(of name: String) -> Substring {
        switch self {
        case .counter: name.dropLast("_total".count)
        case .info: name.dropLast("_info".count)
        case .gauge, .histogram: name[...]
        }
    }
}

/// What one metric was worth at one moment: what the renderers read.
public struct MetricFamily: Sendable {
    /// The name, the help and the type, ready to be written.
    let head: FamilyHead
    /// In the order of registration; a histogram's are its buckets, `_sum` and `_count`. Never empty.
    public var samples: [Sample]

    /// As registered: with `_total` or `_info`.
    public var name: String { head.name }
    public var help: String { head.help }
    public var type: MetricType { head.type }

    /// The base unit that a name without `_total` or `_info` ends in.
    static func unit(of baseName: String) -> String? { ["seconds", "bytes"].first { baseName.hasSuffix("_\($0)") } }
}

/// What of a family never changes: rendered once, when it is registered.
final class FamilyHead: Sendable {
    let name: String
    let help: String
    let type: MetricType
    let textMetadata: [UInt8]
    let openMetricsMetadata: [UInt8]

    init(_ name: String, _ help: String, _ type: MetricType) {
        self.name = name
        self.help = help
        self.type = type
        textMetadata = PrometheusText.metadata(name, help, type)
        openMetricsMetadata = OpenMetricsText.metadata(name, help, type)
    }
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
