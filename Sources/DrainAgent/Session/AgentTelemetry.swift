import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Locking
import Telemetry
import TelemetryExport
import Timestamps

/// Everything that a drain's events, and the agent's own words, turn into.
final class AgentTelemetry: DrainObserver {
    struct Settings: Sendable {
        var node: String
        var dryRun: Bool
        /// A path, `-` for stdout, or nothing.
        var spans: String?
        var otel = TelemetryEnvironment()
        var logFormat: LogFormat
        /// `nil`: no log.
        var logLevel: LogLevel?
        var serverAddress: String
        var reporting = ClusterReporter.Settings()
    }

    let registry = Registry()
    let progress: DrainProgress
    /// For those who watch the drain live.
    let feed: DrainFeed
    let api: APIMetrics
    let scrapes: PerWord<ExpositionFormat, Counter>
    let certificate: CertificateMetrics
    let boot: String

    private let metrics: DrainMetrics
    private let spans: DrainSpans
    private let drainLog: DrainLog
    private let reporter: ClusterReporter
    private let log: LogWriter
    private let spanSink: LineSink?
    private let exporter: SpanExporter?
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
        let registry = registry
        scrapes = PerWord {
            registry.counter(
                "drain_scrapes_total", help: "Finished scrapes, by format.", labels: ["format": $0.rawValue])
        }
        certificate = CertificateMetrics(registry)
        ProcessMetrics.register(in: registry)
        let log = LogWriter(settings, registry, time: time)
        self.log = log
        let feed = DrainFeed(progress, time: time) { await DrainAgent.pause(for: .milliseconds(500)) }
        self.feed = feed
        let drainLog = DrainLog(node: settings.node, boot: boot) { line in
            log.write(line)
            feed.note(line)
        }
        self.drainLog = drainLog
        reporter = ClusterReporter(
            settings.reporting, node: settings.node, boot: boot, registry: registry, time: time
        ) { log.say($0, $1, $2, of: drainLog) }
        let fates = SpanFates(registry)
        let notice = LossNotice { reason in
            guard settings.logLevel != nil else { return Complaint.say("drain-agent: spans are lost: \(reason)") }
            log.say(.warning, "spans are lost", [("err", .string(reason))], of: drainLog)
        }
        let sink = try Self.spanSink(settings, fates, notice)
        spanSink = sink
        let scope = (name: "drain-agent", version: BuildVersion.version)
        let resource = settings.otel.resource(
            over: [
                ("service.name", .string("drain-agent")), ("service.version", .string(BuildVersion.version)),
                ("service.instance.id", .string(boot)), ("k8s.node.name", .string(settings.node)),
            ], facts: ["service.version", "k8s.node.name"])
        let exporter = settings.otel.export.map { export in
            SpanExporter(
                export, userAgent: BuildVersion.userAgent, resource: resource, scope: scope, time: time,
                onFate: { fates.count(.otlp, $0, $1) }, say: { log.say($0, $1, $2, of: drainLog) })
        }
        self.exporter = exporter
        spans = DrainSpans(node: settings.node, boot: boot, serverAddress: settings.serverAddress) { span in
            let object = SpanEncoding.object(span)
            exporter?.export(object)
            sink?.write(SpanEncoding.line(encoded: [object], resource: resource, scope: scope))
        }
        for warning in settings.otel.warnings {
            log.say(.warning, "telemetry setting", [("err", .string(warning))], of: drainLog)
        }
        if let url = settings.otel.export?.url {
            log.say(.info, "spans are exported", [("endpoint", .string("\(url)"))], of: drainLog)
        }
    }

    func observe(_ event: DrainEvent) {
        progress.observe(event)
        feed.observe(event)
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

    var now: Timestamp { time.now() }

    /// The agent's own words.
    func say(_ level: LogLevel, _ message: String, _ fields: [(String, JSONValue)] = []) {
        log.say(level, message, fields, of: drainLog)
    }

    /// While a drain lasts, every half minute: how it stands, as one line, and the waits that are long.
    func tick() {
        log.write(drainLog.summary(of: progress.current, at: time.now()))
        spans.tick(at: time.now())
    }

    /// The program ends while a drain may be under way: its open spans end here.
    func interrupt(at now: Timestamp) { spans.interrupt(at: now) }

    /// The file has the spans; what it has not taken by then is lost, and counted. Later ones are lost, too.
    func finishSpans(within limit: Duration) async { await spanSink?.close(within: limit) }

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

    /// The collector has the spans, or is given up for now after this long.
    func export(within limit: Duration) async { await exporter?.flush(within: limit) }

    /// The same for the last time: what is left is lost, and said to be.
    func finishExport(within limit: Duration) async { await exporter?.close(within: limit) }

    private static func spanSink(
        _ settings: Settings, _ fates: SpanFates, _ notice: LossNotice
    ) throws(LineSinkError) -> LineSink? {
        let onFate: @Sendable (LineSink.Fate, Int) -> Void = { fate, count in
            fates.count(.file, SpanFate(fate), count)
            if fate == .dropped { notice.dropped() }
        }
        let onFailure: @Sendable (LineSinkError) -> Void = { notice.lost("\($0)") }
        switch settings.spans {
        case nil, "": return nil
        case "-":
            return LineSink(descriptor: 1, closesDescriptor: false, onFate: onFate, onFailure: onFailure)
        case let path?: return try LineSink.open(path: path, onFate: onFate, onFailure: onFailure)
        }
    }
}

/// `drain_spans_total`, all there from 0.
private struct SpanFates {
    enum Sink: String, CaseIterable { case file, otlp }

    private let counters: [Sink: [SpanFate: Counter]]

    init(_ registry: Registry) {
        counters = Dictionary(
            uniqueKeysWithValues: Sink.allCases.map { sink in
                let fates = SpanFate.allCases.map { fate in
                    (
                        fate,
                        registry.counter(
                            "drain_spans_total", help: "Finished spans, by what became of them.",
                            labels: ["sink": sink.rawValue, "result": fate.rawValue])
                    )
                }
                return (sink, Dictionary(uniqueKeysWithValues: fates))
            })
    }

    func count(_ sink: Sink, _ fate: SpanFate, _ spans: Int) { counters[sink]?[fate]?.increment(by: Double(spans)) }
}

extension SpanFate {
    fileprivate init(_ fate: LineSink.Fate) {
        switch fate {
        case .written: self = .written
        case .dropped: self = .dropped
        case .failed: self = .failed
        }
    }
}
