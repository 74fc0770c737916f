import Glibc
import Telemetry

/// What stays true after the end, for node_exporter's textfile collector: the node may be scraped when we are gone.
///
/// Outcomes, timestamps, counters and histograms; never a state, pods or budgets, which would outlive the node.
enum Textfile {
    private static let timestamps: Set = [
        "drain_start_timestamp_seconds", "drain_last_completion_timestamp_seconds",
    ]

    static func families(of families: [MetricFamily]) -> [MetricFamily] {
        families.filter { family in
            guard family.name.hasPrefix("drain_") else { return false }
            return switch family.type {
            case .counter, .histogram, .info: true
            case .gauge: timestamps.contains(family.name)
            }
        }
    }

    /// Renamed into place, so that nobody reads half of it, and safe from the reboot that may be next. Why it could not
    /// be written; `nil`: it was.
    static func write(_ bytes: [UInt8], to path: String) -> String? {
        // The collector reads what ends in .prom.
        let draft = "\(path).\(getpid())"
        func problem(_ file: String) -> String {
            let reason = String(cString: strerror(errno))
            unlink(draft)
            return "\(file): \(reason)"
        }
        let file = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard file >= 0 else { return problem(draft) }
        defer { close(file) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress.map { $0 + offset }, $0.count - offset)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return problem(draft) }
            offset += count
        }
        guard fsync(file) == 0 else { return problem(draft) }
        guard rename(draft, path) == 0 else { return problem(path) }
        return nil
    }
}
