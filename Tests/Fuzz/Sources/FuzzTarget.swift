/// What is fuzzed; the name is that of its corpus.
enum FuzzTarget: String, CaseIterable {
    case pod, node, budget, lease, status, workload, selector, duration, time, list, watch, head, annotations, record,
        answers
    case drain, attachment, spans, accept, bearer, otel, address, kubeconfig, proxy, traceparent, plugin
    case intOrPercent = "int-or-percent"
    case retryAfter = "retry-after"
    case requestTarget = "request-target"
    case drainBody = "drain-body"
    case collectorURL = "collector-url"
    case yamlText = "yaml-text"
    case logLine = "log-line"
    case nodeName = "node-name"
    case exportReply = "export-reply"

    func check(_ bytes: [UInt8]) {
        switch self {
        case .pod: ObjectChecks.pod(bytes)
        case .node: ObjectChecks.node(bytes)
        case .budget: ObjectChecks.budget(bytes)
        case .lease: ObjectChecks.lease(bytes)
        case .status: ObjectChecks.status(bytes)
        case .workload: ObjectChecks.workload(bytes)
        case .attachment: ObjectChecks.attachment(bytes)
        case .answers: ObjectChecks.answers(bytes)
        case .drain: DrainChecks.drain(bytes)
        case .list: StreamChecks.list(bytes)
        case .watch: StreamChecks.watch(bytes)
        case .head: StreamChecks.head(bytes)
        case .spans: ReportChecks.spans(bytes)
        case .selector: WordChecks.selector(bytes)
        case .duration: WordChecks.duration(bytes)
        case .time: WordChecks.time(bytes)
        case .intOrPercent: WordChecks.intOrPercent(bytes)
        case .retryAfter: WordChecks.retryAfter(bytes)
        case .nodeName: WordChecks.nodeName(bytes)
        case .annotations: RecordChecks.annotations(bytes)
        case .record: RecordChecks.record(bytes)
        case .requestTarget: ServerChecks.requestTarget(bytes)
        case .accept: ServerChecks.accept(bytes)
        case .bearer: ServerChecks.bearer(bytes)
        case .address: ServerChecks.address(bytes)
        case .drainBody: ServerChecks.drainBody(bytes)
        case .traceparent: TelemetryChecks.traceparent(bytes)
        case .otel: TelemetryChecks.otel(bytes)
        case .collectorURL: TelemetryChecks.collectorURL(bytes)
        case .exportReply: TelemetryChecks.exportReply(bytes)
        case .logLine: TelemetryChecks.logLine(bytes)
        case .yamlText: YAMLChecks.yamlText(bytes)
        case .kubeconfig: YAMLChecks.kubeconfig(bytes)
        case .plugin: YAMLChecks.plugin(bytes)
        case .proxy: YAMLChecks.proxy(bytes)
        }
    }
}
