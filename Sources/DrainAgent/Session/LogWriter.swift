import DrainTelemetry
import Telemetry
import Timestamps

/// Log lines on stderr, counted by level, from a thread of their own.
final class LogWriter: Sendable {
    private let sink: LineSink?
    private let format: LogFormat
    private let least: LogLevel
    private let colors: Bool
    private let counters: [LogLevel: Counter]
    private let node: String
    private let time: TimeSource

    init(_ settings: AgentTelemetry.Settings, _ registry: Registry, time: TimeSource) {
        counters = Dictionary(
            uniqueKeysWithValues: LogLevel.allCases.map { level in
                (
                    level,
                    registry.counter(
                        "drain_log_messages_total", help: "Log messages, by level.", labels: ["level": level.rawValue])
                )
            })
        format = settings.logFormat
        least = settings.logLevel ?? .error
        node = settings.node
        colors = Terminal.isColorful(descriptor: 2)
        let lost = Dictionary(
            uniqueKeysWithValues: [LineSink.Fate.dropped, .failed].map { fate in
                let counter = registry.counter(
                    "drain_log_messages_lost_total", help: "Log messages that could not be written, by why.",
                    labels: ["result": "\(fate)"])
                return (fate, counter)
            })
        sink = settings.logLevel.map { _ in
            LineSink(descriptor: 2, closesDescriptor: false) { lost[$0]?.increment(by: Double($1)) }
        }
        self.time = time
    }

    func write(_ line: LogLine) {
        counters[line.level]?.increment()
        guard line.level >= least else { return }
        sink?.write(format == .json ? line.json() : line.text(color: colors))
    }

    /// The agent's own words; with the drain's id and trace once it has begun.
    func say(_ level: LogLevel, _ message: String, _ fields: [(String, JSONValue)], of drain: DrainLog) {
        var line = LogLine(at: time.now(), level: level, logger: "agent", message: message)
        let context = drain.context
        line.fields = (context.map { [$0.field] } ?? []) + [("node", .string(node))] + fields
        line.trace = context?.trace
        write(line)
    }

    func flush(within limit: Duration) async { _ = await sink?.flush(within: limit) }
}
