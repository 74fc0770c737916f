import Timestamps

/// OpenMetrics 1.0, with exemplars.
///
/// Source: prometheus.io/docs/specs/om/open_metrics_spec. `_created` is left out: readers store it as series of their
/// own, which the text format would not have, and `process_start_time_seconds` says when all counters were 0.
public enum OpenMetricsText {
    public static let contentType = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    private static let end: StaticString = "# EOF\n"

    /// The whole answer to a scrape.
    public static func render(_ families: [MetricFamily]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(families.reduce(end.utf8CodeUnitCount) { $0 + size(of: $1) })
        for family in families {
            bytes.append(contentsOf: family.head.openMetricsMetadata)
            for sample in family.samples {
                bytes.append(contentsOf: sample.head.bytes)
                Exposition.append(value: sample.value, to: &bytes)
                if let exemplar = sample.exemplar { bytes.append(contentsOf: exemplar.bytes) }
                bytes.append("\n")
            }
        }
        bytes.append(end)
        return bytes
    }

    /// `# HELP`, `# TYPE` and, where the name ends in one, `# UNIT`; counters and infos without their endings.
    static func metadata(_ name: String, _ help: String, _ type: MetricType) -> [UInt8] {
        let base = String(type.baseName(of: name))
        var bytes: [UInt8] = []
        Exposition.append(keyword: "HELP", base, to: &bytes)
        Exposition.appendEscaped(help, quotes: true, to: &bytes)
        bytes.append("\n")
        Exposition.append(keyword: "TYPE", base, to: &bytes)
        bytes.append(type.rawValue)
        bytes.append("\n")
        // An info has no unit: its value is none.
        guard let unit = MetricFamily.unit(of: base), type != .info else { return bytes }
        Exposition.append(keyword: "UNIT", base, to: &bytes)
        bytes.append(unit)
        bytes.append("\n")
        return bytes
    }

    /// ` # {trace_id="…",span_id="…"} 0.25 1790000000.125`.
    static func exemplar(_ labels: Labels, _ value: Double, _ moment: Timestamp?) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(" # ")
        Exposition.append(labels, to: &bytes)
        bytes.append(" ")
        Exposition.append(value: value, to: &bytes)
        guard let moment else { return bytes }
        bytes.append(" ")
        append(moment, to: &bytes)
        return bytes
    }

    /// Seconds with milliseconds, which is what Prometheus keeps; never an exponent.
    private static func append(_ moment: Timestamp, to bytes: inout [UInt8]) {
        let (seconds, milliseconds) = (moment.nanoseconds / 1_000_000).quotientAndRemainder(dividingBy: 1000)
        if moment.nanoseconds < 0 { bytes.append("-") }
        bytes.append(decimal: seconds.magnitude)
        let fraction = milliseconds.magnitude
        bytes.append(fraction < 10 ? ".00" : fraction < 100 ? ".0" : ".")
        bytes.append(decimal: fraction)
    }

    /// About how many bytes it takes: enough for nearly every value, so that the array grows once.
    private static func size(of family: MetricFamily) -> Int {
        family.samples.reduce(family.head.openMetricsMetadata.count) { size, sample in
            size + sample.head.bytes.count + 20 + (sample.exemplar?.bytes.count ?? 0)
        }
    }
}
