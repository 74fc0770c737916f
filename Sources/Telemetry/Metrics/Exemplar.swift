public import Timestamps

/// One observation that stands for many: it leads from a series to a trace.
public struct Exemplar: Sendable, Equatable {
    /// Usually `trace_id` and `span_id`; at most 128 characters, names and values together.
    public let labels: Labels
    public let value: Double
    public let timestamp: Timestamp?
    /// As OpenMetrics has it behind a sample: rendered once, and not at each scrape.
    let bytes: [UInt8]

    public init(labels: Labels, value: Double, timestamp: Timestamp? = nil) {
        self.labels = labels
        self.value = value
        self.timestamp = timestamp
        bytes = OpenMetricsText.exemplar(labels, value, timestamp)
    }

    public init(trace: TraceID, span: SpanID, value: Double, timestamp: Timestamp? = nil) {
        self.init(
            labels: ["trace_id": trace.description, "span_id": span.description], value: value, timestamp: timestamp)
    }

    /// Whether OpenMetrics allows it; instruments drop the ones it does not.
    var isWithinLimit: Bool {
        labels.pairs.reduce(0) { $0 + $1.name.unicodeScalars.count + $1.value.unicodeScalars.count } <= 128
    }
}
