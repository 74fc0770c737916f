import ArgumentParser
import FoundationEssentials
import Telemetry
import TelemetryExport

/// Where spans and logs go.
struct TelemetryOptions: ParsableArguments {
    @Option(
        help:
            "File for tracing spans, one OTLP JSON object a line; -: stdout, what run does unless told otherwise; \"\": none.",
        completion: .file())
    var spans: String?

    @Option(
        help: ArgumentHelp(
            "Collector that gets the spans over OTLP/HTTP JSON, at URL/v1/traces; else OTEL_EXPORTER_OTLP_ENDPOINT; \"\": none.",
            valueName: "url"))
    var otlpEndpoint: OTLPEndpoint?

    @Option(help: "Log lines on stderr: json (run), or text for people (drain).")
    var logFormat: LogFormat?

    @Option(help: "The least important log lines to write; run: info; drain: none, unless one of the two is given.")
    var logLevel: LogLevel?

    @Option(
        help:
            "File for node_exporter's textfile collector, ending in .prom: at the end, what stays true after it.",
        completion: .file(extensions: ["prom"]))
    var textfile: String?

    func validate() throws {
        guard let textfile, !textfile.hasSuffix(".prom") else { return }
        throw ValidationError("--textfile: the collector reads only what ends in .prom, not \"\(textfile)\"")
    }

    /// A drain from a terminal writes none unless it is asked for.
    var writesLog: Bool { logLevel != nil || logFormat != nil }

    /// The flag, and what the environment says beside it.
    func otel() -> TelemetryEnvironment {
        TelemetryEnvironment(endpoint: otlpEndpoint?.text, variables: ProcessInfo.processInfo.environment)
    }
}

/// The base of a collector's URLs, or nothing.
struct OTLPEndpoint: ExpressibleByArgument, Sendable {
    let text: String

    init?(argument: String) {
        guard argument.isEmpty || CollectorURL(base: argument) != nil else { return nil }
        text = argument
    }
}
