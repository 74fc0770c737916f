import DrainEngine
import Glibc
import KubernetesAPI
import Telemetry

/// The container's last words, which `kubectl describe pod` shows.
enum TerminationLog {
    static let usualPath = "/dev/termination-log"
    /// The kubelet shows no more (`MaxContainerTerminationMessageLogLength`).
    static let limit = 4096

    /// The outcome as one JSON object, short enough to be shown whole.
    static func text(_ summary: DrainSummary, node: String, drainID: String) -> [UInt8] {
        for (count, reasonLength) in [(summary.remaining.count, 1000), (20, 1000), (5, 1000), (0, 1000), (0, 300)] {
            let remaining = summary.remaining.prefix(count).map {
                JSONValue.object([
                    ("pod", .string("\($0.pod)")), ("phase", .string($0.phase.rawValue)),
                    ("message", .string(cut($0.message, to: 200))),
                ])
            }
            var bytes: [UInt8] = []
            JSONLine.append(
                .object([
                    ("outcome", .string(summary.outcome.rawValue)),
                    ("reason", .string(cut(summary.reason, to: reasonLength))), ("node", .string(node)),
                    ("drain_id", .string(drainID)), ("pods", .int(Int64(summary.total))),
                    ("evicted", .int(Int64(summary.evicted))), ("vanished", .int(Int64(summary.vanished))),
                    ("failed", .int(Int64(summary.failed))), ("left", .int(Int64(summary.remaining.count))),
                    ("remaining", .array(Array(remaining))),
                ]), to: &bytes)
            if bytes.count <= limit { return bytes }
        }
        return []
    }

    /// By scalars, of which each is at most six bytes of JSON: a character can have any length.
    private static func cut(_ text: String, to count: Int) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
    }

    /// Why it could not be written; `nil`: it was.
    static func write(_ bytes: [UInt8], to path: String) -> String? {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { return "\(path): \(String(cString: strerror(errno)))" }
        defer { close(file) }
        let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        return written == bytes.count ? nil : "\(path): \(String(cString: strerror(errno)))"
    }
}
