/// Prometheus' text format, version 0.0.4.
///
/// Source: prometheus.io/docs/instrumenting/exposition_formats. Exemplars have no place in it.
public enum PrometheusText {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The whole answer to a scrape.
    public static func render(_ families: [MetricFamily]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(families.reduce(0) { $0 + size(of: $1) })
        for family in families {
            bytes.append(contentsOf: family.head.textMetadata)
            for sample in family.samples {
                bytes.append(contentsOf: sample.head.bytes)
                Exposition.append(value: sample.value, to: &bytes)
                bytes.append("\n")
            }
        }
        return bytes
    }

    /// `# HELP` and `# TYPE`.
    static func metadata(_ name: String, _ help: String, _ type: MetricType) -> [UInt8] {
        var bytes: [UInt8] = []
        Exposition.append(keyword: "HELP", name, to: &bytes)
        Exposition.appendEscaped(help, quotes: false, to: &bytes)
        bytes.append("\n")
        Exposition.append(keyword: "TYPE", name, to: &bytes)
        switch type {
        case .counter: bytes.append("counter\n")
        case .gauge, .info: bytes.append("gauge\n")
        case .histogram: bytes.append("histogram\n")
        }
        return bytes
    }

    /// About how many bytes it takes: enough for nearly every value, so that the array grows once.
    private static func size(of family: MetricFamily) -> Int {
        family.samples.reduce(family.head.textMetadata.count) { $0 + $1.head.bytes.count + 20 }
    }
}
