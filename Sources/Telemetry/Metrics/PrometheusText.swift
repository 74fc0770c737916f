/// Prometheus' text format, version 0.0.4.
///
/// Source: prometheus.io/docs/instrumenting/exposition_formats. Exemplars have no place in it.
public enum PrometheusText {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// The whole answer to a scrape.
    public static func render(_ families: [MetricFamily]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(families.reduce(0) { $0 + size(of: $1) })
        for family in families { append(family, to: &bytes) }
        return bytes
    }

    private static func append(_ family: MetricFamily, to bytes: inout [UInt8]) {
        guard !family.samples.isEmpty else { return }
        bytes.append("# HELP ")
        bytes.append(family.name)
        bytes.append(" ")
        Exposition.appendEscaped(family.help, quotes: false, to: &bytes)
        bytes.append("\n# TYPE ")
        bytes.append(family.name)
        switch family.type {
        case .counter: bytes.append(" counter\n")
        case .gauge, .info: bytes.append(" gauge\n")
        case .histogram: bytes.append(" histogram\n")
        }
        for sample in family.samples {
            bytes.append(contentsOf: sample.head.bytes)
            Exposition.append(value: sample.value, to: &bytes)
            bytes.append("\n")
        }
    }

    /// About how many bytes it takes: enough for nearly every value, so that the array grows once.
    private static func size(of family: MetricFamily) -> Int {
        let metadata = 2 * family.name.utf8.count + family.help.utf8.count + 32
        return family.samples.reduce(metadata) { $0 + $1.head.bytes.count + 20 }
    }
}
