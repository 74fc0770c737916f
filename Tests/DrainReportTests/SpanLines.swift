import DrainEngine
import Telemetry
import Timestamps

@testable import DrainReport

/// A file of spans in the making: a node's drain as one process writes it. Times are seconds of the drain.
struct SpanLines {
    static let epoch = Timestamp(seconds: 1_800_000_000)

    let node: String
    let id: String
    var boot = "boot-1"
    private(set) var lines: [[UInt8]] = []

    init(node: String = "node-a", id: String = "drain-1", boot: String = "boot-1") {
        self.node = node
        self.id = id
        self.boot = boot
    }

    static func at(_ seconds: Double) -> Timestamp { epoch + .nanoseconds(Int64((seconds * 1e9).rounded())) }

    private func span(_ parts: String...) -> SpanID { SpanID(hashing: [node, id, boot] + parts) }

    private mutating func add(
        _ id: SpanID, _ parent: SpanID?, _ name: String, _ start: Double, _ end: Double,
        _ attributes: [(String, AttributeValue)], events: [Span.Event] = [], status: Span.Status = .unset
    ) {
        let span = Span(
            traceID: TraceID(hashing: [self.id]), id: id, parent: parent, name: name, start: Self.at(start),
            end: Self.at(end), attributes: attributes.map { (key: $0.0, value: $0.1) }, events: events, status: status)
        lines.append(
            SpanEncoding.line(
                span,
                resource: [
                    ("service.name", .string("drain-agent")), ("service.instance.id", .string(boot)),
                    ("k8s.node.name", .string(node)),
                ], scope: (name: "drain-agent", version: "0.1.0")))
    }

    mutating func turn(_ start: Double, _ end: Double, behind holders: [String]) {
        add(
            span("turn"), span("root"), "drain.fleet.wait", start, end,
            [("drain.fleet.outcome", .string("held")), ("drain.fleet.holders", .strings(holders))])
    }

    mutating func prepare(_ start: Double = 0, _ end: Double = 0.2) {
        add(
            span("list"), span("root"), "pods.list", start, start + (end - start) / 2,
            [("drain.list.purpose", .string("plan"))])
        add(span("cordon"), span("root"), "node.cordon", start + (end - start) / 2, end, [])
    }

    /// What of a pod's way differs from the next one's.
    struct Pod {
        var name: String
        var namespace = "shop"
        var start = 0.2
        /// When its requests were sent, and their answers; each took 0.1 s.
        var attempts: [(at: Double, answer: EvictionAnswer)] = []
        var waits: [Wait] = []
        var termination: (start: Double, end: Double)?
        var grace: Int64 = 30
        var overdue = 0.0
        var finalizers: [String] = []
        var detail = ""
        var stuck: String?
        var end: Double
        var result: String? = "evicted"
        var phase: String?
        var message = ""
        var tier = "ordinary"
    }

    struct Wait {
        var start: Double
        var end: Double
        var budget = "web"
        var webhook: String?
        var refusals: Int64 = 1
        var outcome = "allowed"
        var verdict = "waiting"
        var advice = ""
        var message = "The disruption budget web needs 2 healthy pods and has 2 currently"
    }

    /// With its children before it, as they end. Without `whole` its own span is never told.
    mutating func add(_ pod: Pod, whole: Bool = true) {
        let own = span("pod", pod.name)
        let identity: [(String, AttributeValue)] = [
            ("k8s.pod.name", .string(pod.name)), ("k8s.pod.uid", .string("\(pod.name)-uid")),
            ("k8s.namespace.name", .string(pod.namespace)),
        ]
        for (number, attempt) in pod.attempts.enumerated() {
            add(
                span("attempt", pod.name, "\(number)"), own, "eviction.attempt", attempt.at, attempt.at + 0.1,
                identity + [("drain.eviction.answer", .string(attempt.answer.rawValue))])
        }
        for (number, wait) in pod.waits.enumerated() {
            let blocker: [(String, AttributeValue)] =
                wait.webhook.map { [("drain.blocker", .string("webhook")), ("drain.webhook", .string($0))] }
                ?? [("drain.blocker", .string("budget")), ("drain.pdb", .string(wait.budget))]
            add(
                span("wait", pod.name, "\(number)"), own, "pdb.wait", wait.start, wait.end,
                identity + blocker + [
                    ("drain.pdb.verdict", .string(wait.verdict)), ("drain.pdb.advice", .string(wait.advice)),
                    ("drain.wait.outcome", .string(wait.outcome)), ("drain.wait.refusals", .int(wait.refusals)),
                    ("drain.wait.last_message", .string(wait.message)),
                ])
        }
        if let termination = pod.termination {
            add(
                span("termination", pod.name), own, "pod.termination", termination.start, termination.end,
                identity + [
                    ("drain.grace_period_seconds", .int(pod.grace)), ("drain.finalizers", .strings(pod.finalizers)),
                    ("drain.overdue_seconds", .double(pod.overdue)), ("drain.stuck.detail", .string(pod.detail)),
                ])
        }
        guard whole else { return }
        var attributes =
            identity + [
                ("drain.pod.tier", .string(pod.tier)), ("drain.eviction.attempts", .int(Int64(pod.attempts.count))),
                ("drain.eviction.retries", .int(Int64(max(0, pod.attempts.count - 1)))),
            ]
        if let result = pod.result { attributes.append(("drain.pod.result", .string(result))) }
        if let phase = pod.phase { attributes.append(("drain.pod.phase", .string(phase))) }
        if let stuck = pod.stuck { attributes.append(("drain.pod.stuck", .string(stuck))) }
        add(
            own, span("root"), "pod.evict", pod.start, pod.end, attributes,
            status: pod.result == "failed" ? .error(pod.message) : .unset)
    }

    /// The root; `nil` as the outcome: the process was interrupted.
    mutating func end(
        _ outcome: String?, from start: Double = 0, at end: Double, total: Int64 = 0, evicted: Int64 = 0,
        failed: Int64 = 0,
        remaining: Int64 = 0, reason: String = "", resumed: Bool = false, deadline: Double? = 600,
        trigger: String = "sigterm",
        events: [Span.Event] = []
    ) {
        var attributes: [(String, AttributeValue)] = [
            ("drain.id", .string(id)), ("drain.trigger", .string(trigger)), ("drain.resumed", .bool(resumed)),
        ]
        if let deadline { attributes.append(("drain.deadline", .string(Self.at(deadline).rfc3339(.microseconds)))) }
        if let outcome {
            attributes += [
                ("drain.outcome", .string(outcome)), ("drain.dry_run", .string("none")),
                ("drain.pods.total", .int(total)), ("drain.pods.evicted", .int(evicted)),
                ("drain.pods.vanished", .int(0)), ("drain.pods.failed", .int(failed)),
                ("drain.pods.remaining", .int(remaining)), ("drain.pods.excluded", .int(2)),
            ]
        }
        let status: Span.Status = outcome == "completed" ? .ok : .error(outcome == nil ? "drain.interrupted" : reason)
        add(span("root"), nil, "node.drain", start, end, attributes, events: events, status: status)
    }

    var bytes: [UInt8] { Array(lines.joined()) }
}

extension SpanLines {
    /// Five replicas behind a budget that lets them go one by one, each 15 s after the one before.
    static func shop(node: String = "node-a", id: String = "drain-1", boot: String = "boot-1") -> SpanLines {
        var file = SpanLines(node: node, id: id, boot: boot)
        file.prepare()
        file.add(Pod(name: "api-0", attempts: [(0.2, .accepted)], termination: (0.3, 12), end: 12))
        for index in 0..<5 {
            let allowed = 0.3 + 15 * Double(index)
            var pod = Pod(name: "web-\(index)", end: allowed + 8)
            pod.attempts = index == 0 ? [] : [(0.2, .budget)]
            pod.attempts.append((allowed - 0.1, .accepted))
            if index > 0 { pod.waits = [Wait(start: 0.3, end: allowed, refusals: Int64(index * 3))] }
            pod.termination = (allowed, allowed + 8)
            file.add(pod)
        }
        file.end("completed", at: 68.5, total: 6, evicted: 6)
        return file
    }
}

/// What the files, by name, come to.
func report(_ files: [(name: String, bytes: [UInt8])]) -> Report {
    var builder = ReportBuilder()
    var read: [(name: String, problems: SpanReader.Problems)] = []
    for (name, bytes) in files {
        var reader = SpanReader()
        for span in reader.push(bytes) { builder.add(span) }
        for span in reader.finish() { builder.add(span) }
        read.append((name, reader.problems))
    }
    return builder.report(files: read)
}

func report(_ files: SpanLines...) -> Report {
    report(files.enumerated().map { (name: "\($0.offset).jsonl", bytes: $0.element.bytes) })
}
