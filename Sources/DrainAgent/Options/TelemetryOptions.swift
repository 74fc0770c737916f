import ArgumentParser
import Telemetry

/// Where spans and logs go.
struct TelemetryOptions: ParsableArguments {
    @Option(help: "File for tracing spans, one OTLP JSON object a line; -: stdout; \"\": none.")
    var spans: String?

    @Option(help: "Log lines on stderr: json, or text for people.")
    var logFormat: LogFormat?

    @Option(help: "The least important log lines to write: debug, info, warning or error.")
    var logLevel: LogLevel?
}
