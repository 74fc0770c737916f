/// A way to write a scrape. All have the same series and values; the word is a label of `drain_scrapes_total`.
public enum ExpositionFormat: String, Sendable, CaseIterable {
    /// Prometheus' text format 0.0.4.
    case text
    /// OpenMetrics 1.0.
    case openmetrics

    public var contentType: String {
        switch self {
        case .text: PrometheusText.contentType
        case .openmetrics: OpenMetricsText.contentType
        }
    }

    /// The whole answer to a scrape.
    public func render(_ families: [MetricFamily]) -> [UInt8] {
        switch self {
        case .text: PrometheusText.render(families)
        case .openmetrics: OpenMetricsText.render(families)
        }
    }
}
