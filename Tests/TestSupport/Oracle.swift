import FoundationEssentials
import Subprocess

/// Programs of other people that judge what we write.
public enum Oracle {
    /// A Python with `prometheus_client` and `opentelemetry-proto`: `make test` sets `DRAIN_AGENT_PYTHON`.
    public static let python = ProcessInfo.processInfo.environment["DRAIN_AGENT_PYTHON"]

    /// Prometheus' own checker, from `DRAIN_AGENT_PROMTOOL` or the search path.
    public static let promtool = ProcessInfo.processInfo.environment["DRAIN_AGENT_PROMTOOL"] ?? inPath("promtool")

    public struct Verdict: Sendable {
        public var succeeded: Bool
        public var output: String
        public var complaints: String
    }

    /// Runs `program`, which reads `input`.
    public static func ask(_ program: String?, _ arguments: [String], about input: [UInt8]) async throws -> Verdict {
        guard let program else { throw Missing() }
        let result = try await run(
            .name("env"), arguments: Arguments([program] + arguments), input: .array(input),
            output: .string(limit: 16 << 20), error: .string(limit: 1 << 20))
        return Verdict(
            succeeded: result.terminationStatus.isSuccess, output: result.standardOutput,
            complaints: result.standardError)
    }

    public struct Missing: Error {}

    private static func inPath(_ name: String) -> String? {
        (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
