import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Locking
import Telemetry
import Timestamps

/// Everything that a drain's events, and the agent's own words, turn into.
final class AgentTelemetry: DrainObserver {
    struct Settings: Sendable {
        var node: String
        var dryRun: Bool
        /// A path, `-` for stdout, or nothing.
        var spans: String?
        var logFormat: LogFormat
        /// `nil`: no log.
        var logLevel: LogLevel?
        var serverAddress: String
        var reporting = ClusterReporter.Settings()
    }

    let registry = Registry()
    let progress: DrainProgress
    let api: APIMetrics
    let scrapes: Counter
    let boot: String

    private let metrics: DrainMetrics
    private let spans: DrainSpans
    private let drainLog: DrainLog
    private let reporter: ClusterReporter
    private let log: LogWriter
    private let spanSink: LineSink?
    private let extra: [any DrainObserver]
    private let time: TimeSource

    init(_ settings: Settings, time: TimeSource, extra: [any DrainObserver] = []) throws(LineSinkError) {
        self.extra = extra
        self.time = time
        let boot = String(UInt64.random(in: .min ... .max), radix: 16)
        self.boot = boot
        progress = DrainProgress(node: settings.node)
        metrics = DrainMetrics(
            registry, build: BuildVersion.info, node: settings.node, dryRun: settings.dryRun, boot: boot, time: time)
        api = APIMetrics(registry)
        scrapes = registry.counter(
            "drain_scrapes_total", help: "Finished scrapes, by format.", labels: ["format": "text"])
        _ = registry.counter(
            "drain_scrapes_total", help: "Finished scrapes, by format.", labels: ["format": "openmetrics"])
        ProcessMetrics.register(in: registry)
        let log = LogWriter(settings, registry, time: time)
        self.log = log
        let drainLog = DrainLog(node: settings.node, boot: boot) { log.write($0) }
        self.drainLog = drainLog
        reporter = ClusterReporter(
            settings.reporting, node: settings.node, boot: boot, registry: registry, time: time
        ) { log.say($0, $1, $2, of: drainLog) }
        let sink = try Self.spanSink(settings, registry)
        spanSink = sink
        let resource: [(String, AttributeValue)] = [
            ("service.name", .string("drain-agent")), ("service.version", .string(BuildVersion.version)),
            ("service.instance.id", .string(boot)), ("k8s.node.name", .string(settings.node)),
        ]
        spans = DrainSpans(node: settings.node, boot: boot, serverAddress: settings.serverAddress) { span in
            sink?.write(
                SpanEncoding.line(span, resource: resource, scope: (name: "drain-agent", version: BuildVersion.version))
            )
        }
    }

    func observe(_ event: DrainEvent) {
        progress.observe(event)
        metrics.observe(event)
        spans.observe(event)
        drainLog.observe(event)
        reporter.observe(event)
        for observer in extra { observer.observe(event) }
    }

    /// Events and conditions are written from now on.
    func report(to cluster: Cluster) { reporter.start(send: cluster.quickSend, sleep: cluster.sleep) }

    /// The last Events and conditions are written, or given up after this long.
    func finishReports(within limit: Duration) async { await reporter.finish { await pause(for: limit) } }

    /// The agent's own words.
    func say(_ level: LogLevel, _ message: String, _ fields: [(String, JSONValue)] = []) {
        log.say(level, message, fields, of: drainLog)
    }

    /// How the drain stands, as one line.
    func sayProgress() { log.write(drainLog.summary(of: progress.current, at: time.now())) }

    /// The program ends while a drain may be under way: its open spans end here.
    func interrupt(at now: Timestamp) { spans.interrupt(at: now) }

    /// What has been said is written, or given up after this long.
    func flush(within limit: Duration) async {
        async let spans = spanSink?.flush(within: limit)
        await log.flush(within: limit)
        _ = await spans
    }

    /// What stays true after the end, to this path. Why it could not be written; `nil`: it was, or nobody wants it.
    func writeTextfile(_ path: String?) -> String? {
        guard let path else { return nil }
        return Textfile.write(PrometheusText.render(Textfile.families(of: registry.collect())), to: path)
    }

    private static func spanSink(_ settings: Settings, _ registry: Registry) throws(LineSinkError) -> LineSink? {
        let fates = SpanFates(registry)
        switch settings.spans {
        case nil, "": return nil
        case "-": return LineSink(descriptor: 1, closesDescriptor: false, onFate: fates.count)
        case let path?: return try LineSink.open(path: path, onFate: fates.count)
        }
    }
}

/// `drain_spans_total`, all there from 0.
private struct SpanFates {
    private let written: Counter
    private let dropped: Counter
    private let failed: Counter

    init(_ registry: Registry) {
        func counter(_ sink: String, _ result: String) -> Counter {
            registry.counter(
                "drain_spans_total", help: "Finished spans, by what became of them.",
                labels: ["sink": sink, "result": result])
        }
        written = counter("file", "written")
        dropped = counter("file", "dropped")
        failed = counter("file", "failed")
        for result in ["written", "dropped", "failed"] { _ = counter("otlp", result) }
    }

    var count: @Sendable (LineSink.Fate, Int) -> Void {
        { [written, dropped, failed] fate, lines in
            switch fate {
            case .written: written.increment(by: Double(lines))
            case .dropped: dropped.increment(by: Double(lines))
            case .failed: failed.increment(by: Double(lines))
            }
        }
    }
}
