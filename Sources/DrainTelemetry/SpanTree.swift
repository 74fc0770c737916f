import DrainEngine
import KubernetesAPI
import Telemetry
import Timestamps

typealias SpanAttribute = (key: String, value: AttributeValue)

/// The open spans of one drain.
struct SpanTree {
    private let trace: DrainTrace
    private let start: DrainStart
    private let policy: DrainPolicy
    private let node: String
    private let serverAddress: String
    private let began: Timestamp
    private var pods: [PodSpan] = []
    /// Open waits by pod: one each at most.
    private var waits: [Int: OpenWait] = [:]
    /// When the first of their segments is full.
    private var nextCut = Timestamp.distantFuture
    private var judgements: [Blocker: Judgement] = [:]
    private var turns = TurnWaits()
    private var happenings: [Span.Event] = []
    private var isResumed: Bool
    private var deadline: Timestamp?
    private var lists = 0
    private var cordons = 0
    private var excluded = 0
    private var hasEnded = false

    init(
        _ trace: DrainTrace, start: DrainStart, policy: DrainPolicy, node: String, serverAddress: String,
        at now: Timestamp
    ) {
        self.trace = trace
        self.start = start
        self.policy = policy
        self.node = node
        self.serverAddress = serverAddress
        began = now
        isResumed = start.resumes != nil
        deadline = start.deadline
    }

    /// The spans that the event ends, and the segments of waits that are full by then.
    mutating func take(_ event: DrainEvent) -> [Span] { segments(until: event.at) + ended(by: event) }

    /// The segments of waits that are full.
    mutating func segments(until now: Timestamp) -> [Span] {
        guard !hasEnded, now >= nextCut else { return [] }
        var spans: [Span] = []
        for index in waits.keys.sorted() {
            guard var open = waits[index] else { continue }
            while open.fullAt <= now {
                spans.append(waitSpan(open, nil, at: open.fullAt))
                open.cut()
            }
            waits[index] = open
        }
        nextCut = waits.values.map(\.fullAt).min() ?? .distantFuture
        return spans
    }

    private mutating func ended(by event: DrainEvent) -> [Span] {
        let now = event.at
        switch event.fact {
        case .podAdded(let facts):
            pods.append(PodSpan(facts, at: now))
            return []
        case .podMoved(let move):
            pods[move.index].moved(move, at: now)
            return []
        case .podFinished(let end): return finished(end, at: now)
        case .evictionAnswered(let attempt): return answered(attempt)
        case .waitBegan(let wait), .waitGoesOn(let wait):
            opened(wait)
            return []
        case .waitEnded(let wait, let outcome):
            opened(wait)
            guard let open = waits.removeValue(forKey: wait.index) else { return [] }
            defer {
                if !waits.values.contains(where: { $0.wait.blocker == wait.blocker }) {
                    judgements[wait.blocker] = nil
                }
            }
            return [waitSpan(open, outcome.rawValue, at: now)]
        case .judged(let judgement):
            judgements[judgement.blocker] = judgement
            return []
        case .turn(let standing): return turns.changed(to: standing, at: now).map { [turnSpan($0, at: now)] } ?? []
        case .resumed:
            isResumed = true
            return []
        case .stuck(let pod, let termination):
            if let termination { pods[pod].stuck(termination) }
            return []
        case .deletedAtDeadline(let deletion):
            if deletion.problem.isEmpty { pods[deletion.index].deletedAtDeadline() }
            return []
        case .unblock(let step):
            happenings.append(Span.Event(name: "unblock", at: now, attributes: step.attributes))
            return []
        case .uncordonedByOthers(let recordons):
            happenings.append(
                Span.Event(
                    name: "uncordoned_by_others", at: now, attributes: [("drain.recordons", .bool(recordons))]))
            return []
        case .deletionExpected(let pod, let deadline, let finalizers):
            pods[pod].deletionExpected(by: deadline, finalizers: finalizers)
            return []
        case .cordon(.cordoned(let sent)):
            cordons += 1
            let id = cordons == 1 ? trace.cordon : trace.cordon(again: cordons)
            return [span(id, trace.root, "node.cordon", from: sent, to: now, [nodeAttribute])]
        case .listed(let count, let sent, let purpose):
            lists += 1
            let attributes: [SpanAttribute] = [
                nodeAttribute, ("drain.list.purpose", .string(purpose.rawValue)), ("drain.pods", .int(Int64(count))),
            ]
            return [span(trace.list(lists), trace.root, "pods.list", from: sent, to: now, attributes)]
        case .podExcluded:
            excluded += 1
            return []
        case .ended(let summary): return ended(summary, at: now)
        case .deadlineChanged(let deadline):
            self.deadline = deadline
            return []
        case .began, .stateChanged, .nodeSeen, .nodeDeleted, .cordon, .planned, .exclusionEnded,
            .watchEnded,
            .pollingChanged, .requestFailed, .throttled, .surveyed, .annotationIgnored, .tierStarted,
            .budgetWatchChanged, .overrunProjected, .volumesAttached:
            return []
        }
    }

    mutating func interrupt(at now: Timestamp) -> [Span] {
        guard !hasEnded else { return [] }
        let full = segments(until: now)
        hasEnded = true
        let openWaits = waits.sorted { $0.key < $1.key }.map { waitSpan($0.value, Self.interrupted, at: now) }
        let open =
            full + openWaits + openTurn(Self.interrupted, at: now)
            + openPods(at: now, .error(Self.interrupted), Self.interrupted)
        var attributes: [SpanAttribute] = [nodeAttribute, ("drain.id", .string(start.id))]
        attributes.append(("drain.trigger", .string(start.trigger.rawValue)))
        attributes.append(("drain.resumed", .bool(isResumed)))
        attributes += deadlineAttribute
        attributes.append((Self.interrupted, .bool(true)))
        var root = span(
            trace.root, trace.parent, "node.drain", from: began, to: now, attributes, status: .error(Self.interrupted))
        root.events = happenings
        return open + [root]
    }

    private static let interrupted = "drain.interrupted"
}

// MARK: - One span each

extension SpanTree {
    private var nodeAttribute: SpanAttribute { ("k8s.node.name", .string(node)) }

    private var deadlineAttribute: [SpanAttribute] {
        deadline.map { [("drain.deadline", .string($0.rfc3339(.microseconds)))] } ?? []
    }

    private func span(
        _ id: SpanID, _ parent: SpanID?, _ name: String, kind: Span.Kind = .internal, from start: Timestamp,
        to end: Timestamp, _ attributes: [SpanAttribute], status: Span.Status = .unset
    ) -> Span {
        Span(
            traceID: trace.traceID, id: id, parent: parent, name: name, kind: kind, start: min(start, end), end: end,
            attributes: attributes, status: status)
    }

    private mutating func finished(_ end: PodEnd, at now: Timestamp) -> [Span] {
        guard let ended = pods[end.index].finish(at: now) else { return [] }
        var spans: [Span] = []
        if let since = ended.terminatingSince {
            spans.append(
                span(
                    trace.termination(end.pod.uid), trace.pod(end.pod.uid), "pod.termination", from: since, to: now,
                    end.pod.attributes + ended.terminationAttributes(at: now)))
        }
        var attributes = ended.attributes
        attributes.append(("drain.pod.result", .string(end.result.rawValue)))
        var status = Span.Status.unset
        if end.result == .failed {
            status = .error(end.message)
            attributes.append(("error.type", .string(ended.lastAnswer?.rawValue ?? "failed")))
        }
        spans.append(
            span(
                trace.pod(end.pod.uid), trace.root, "pod.evict", from: ended.began, to: now, attributes,
                status: status))
        return spans
    }

    private mutating func answered(_ attempt: EvictionAttempt) -> [Span] {
        guard pods[attempt.index].answered(attempt) else { return [] }
        let shape = attempt.call.shape
        // A crash can keep its parent from ever being told.
        var attributes: [SpanAttribute] =
            attempt.pod.attributes + [
                ("drain.eviction.attempt", .int(Int64(attempt.number))),
                ("drain.eviction.answer", .string(attempt.reply.answer.rawValue)),
                ("http.request.method", .string(shape.method)), ("url.template", .string(shape.template)),
                ("server.address", .string(serverAddress)),
            ]
        if let code = attempt.exchange.code { attributes.append(("http.response.status_code", .int(Int64(code)))) }
        if let audit = attempt.exchange.auditID { attributes.append(("k8s.audit_id", .string(audit))) }
        if !attempt.reply.message.isEmpty {
            attributes.append(("drain.eviction.message", .string(attempt.reply.message)))
        }
        var status = Span.Status.unset
        if attempt.reply.answer.isError {
            attributes.append(("error.type", .string(attempt.reply.answer.rawValue)))
            status = .error(attempt.reply.message)
        }
        return [
            span(
                trace.attempt(attempt.pod.uid, attempt.number), trace.pod(attempt.pod.uid), "eviction.attempt",
                kind: .client, from: attempt.exchange.sent, to: attempt.exchange.received, attributes,
                status: status)
        ]
    }

    private mutating func opened(_ wait: PodWait) {
        if waits[wait.index]?.wait.number == wait.number {
            waits[wait.index]?.wait = wait
        } else {
            waits[wait.index] = OpenWait(wait)
        }
        nextCut = min(nextCut, waits[wait.index]?.fullAt ?? .distantFuture)
    }

    /// The open segment. `outcome`: a `WaitOutcome`, `drain.interrupted`, which is an error, or `nil`: it goes on.
    private func waitSpan(_ open: OpenWait, _ outcome: String?, at now: Timestamp) -> Span {
        let wait = open.wait
        var attributes: [SpanAttribute] = wait.pod.attributes
        attributes += wait.blocker.attributes.filter { $0.key != "k8s.namespace.name" }
        if let judgement = judgements[wait.blocker] {
            attributes.append(("drain.pdb.verdict", .string(judgement.verdict.rawValue)))
            if !judgement.advice.isEmpty { attributes.append(("drain.pdb.advice", .string(judgement.advice))) }
        }
        attributes.append(("drain.wait.segment", .int(Int64(open.segment))))
        attributes.append(("drain.wait.since", .string(wait.since.rfc3339(.microseconds))))
        if let outcome {
            attributes.append(("drain.wait.outcome", .string(outcome)))
        } else {
            attributes.append(("drain.wait.continues", .bool(true)))
        }
        attributes.append(("drain.wait.refusals", .int(Int64(wait.refusals))))
        attributes.append(("drain.wait.first_message", .string(wait.firstMessage)))
        attributes.append(("drain.wait.last_message", .string(wait.lastMessage)))
        func id(_ segment: Int) -> SpanID { trace.wait(wait.pod.uid, wait.number, segment: segment) }
        var span = span(
            id(open.segment), trace.pod(wait.pod.uid), "pdb.wait", from: open.since, to: now, attributes,
            status: outcome == Self.interrupted ? .error(Self.interrupted) : .unset)
        if open.segment > 1 { span.links = [Span.Link(traceID: trace.traceID, spanID: id(open.segment - 1))] }
        return span
    }

    /// `outcome`: `held`, `abandoned`, or `drain.interrupted`, which is an error.
    private func turnSpan(_ wait: TurnWaits.Ended, at now: Timestamp) -> Span {
        var attributes: [SpanAttribute] = [
            ("drain.fleet.outcome", .string(wait.outcome)), ("drain.fleet.holders", .strings(wait.holders)),
        ]
        if let lease = wait.lease { attributes.append(("drain.fleet.lease", .string(lease))) }
        if let reason = wait.lossReason { attributes.append(("drain.fleet.loss", .string(reason))) }
        return span(
            trace.turn(wait.number), trace.root, "drain.fleet.wait", from: wait.since, to: now, attributes,
            status: wait.outcome == Self.interrupted ? .error(wait.outcome) : .unset)
    }

    private mutating func openTurn(_ outcome: String, at now: Timestamp) -> [Span] {
        turns.end(outcome).map { [turnSpan($0, at: now)] } ?? []
    }

    /// Pods that nothing became of within the drain: their spans end with it, as errors, if it is one.
    private mutating func openPods(at now: Timestamp, _ status: Span.Status, _ errorType: String?) -> [Span] {
        var spans: [Span] = []
        for index in pods.indices {
            guard let ended = pods[index].finish(at: now) else { continue }
            let uid = ended.facts.pod.uid
            if let since = ended.terminatingSince {
                spans.append(
                    span(
                        trace.termination(uid), trace.pod(uid), "pod.termination", from: since, to: now,
                        ended.facts.pod.attributes + ended.terminationAttributes(at: now), status: status))
            }
            var attributes = ended.attributes
            attributes.append(("drain.pod.phase", .string(ended.phase.rawValue)))
            if errorType == Self.interrupted { attributes.append((Self.interrupted, .bool(true))) }
            if let errorType { attributes.append(("error.type", .string(errorType))) }
            spans.append(
                span(trace.pod(uid), trace.root, "pod.evict", from: ended.began, to: now, attributes, status: status))
        }
        return spans
    }

    private mutating func ended(_ summary: DrainSummary, at now: Timestamp) -> [Span] {
        guard !hasEnded else { return [] }
        hasEnded = true
        // Our own pod and a dry run's are open at the end of a drain that is completed.
        let isComplete = summary.outcome == .completed
        let word = summary.outcome.rawValue
        let open =
            openTurn("abandoned", at: now)
            + openPods(at: now, isComplete ? .unset : .error(word), isComplete ? nil : word)
        var attributes: [SpanAttribute] = [
            ("drain.id", .string(start.id)), nodeAttribute, ("drain.trigger", .string(start.trigger.rawValue)),
            ("drain.outcome", .string(summary.outcome.rawValue)), ("drain.dry_run", .string(policy.dryRun.rawValue)),
            ("drain.resumed", .bool(isResumed)),
            ("drain.pods.total", .int(Int64(summary.total))), ("drain.pods.evicted", .int(Int64(summary.evicted))),
            ("drain.pods.vanished", .int(Int64(summary.vanished))),
            ("drain.pods.failed", .int(Int64(summary.failed))),
            ("drain.pods.remaining", .int(Int64(summary.remaining.count))),
            ("drain.pods.excluded", .int(Int64(excluded))),
        ]
        attributes += deadlineAttribute
        var status = Span.Status.ok
        if summary.outcome != .completed {
            attributes.append(("error.type", .string(summary.outcome.rawValue)))
            status = .error(summary.reason)
        }
        var root = span(trace.root, trace.parent, "node.drain", from: began, to: now, attributes, status: status)
        root.events = happenings
        return open + [root]
    }
}

extension EvictionAnswer {
    /// A no that is an answer to the question is no error.
    var isError: Bool {
        switch self {
        case .accepted, .budget, .deferred, .gone, .replaced, .namespaceTerminating, .throttled: false
        case .severalBudgets, .unauthorized, .forbidden, .rejected, .serverError, .unreachable: true
        }
    }
}

extension UnblockStep {
    /// Whose rollout, for which budget, and what became of it.
    fileprivate var attributes: [SpanAttribute] {
        let attributes: [SpanAttribute] = [
            ("drain.unblock.owner", .string("\(owner)")), ("drain.pdb", .string(budget.name)),
            ("k8s.namespace.name", .string(budget.namespace)), ("drain.unblock.result", .string(result.word.rawValue)),
        ]
        return attributes + (result.reason.map { [("drain.unblock.reason", .string($0))] } ?? [])
    }
}

extension PodIdentity {
    var attributes: [SpanAttribute] {
        [
            ("k8s.pod.name", .string(name)), ("k8s.pod.uid", .string(uid)),
            ("k8s.namespace.name", .string(namespace)),
        ]
    }
}

extension Blocker {
    /// What says not now, for spans.
    var attributes: [SpanAttribute] {
        switch self {
        case .budget(let namespace, let name):
            [
                ("drain.blocker", .string("budget")), ("k8s.namespace.name", .string(namespace)),
                ("drain.pdb", .string(name)),
            ]
        case .severalBudgets(let namespace):
            [("drain.blocker", .string("several_budgets")), ("k8s.namespace.name", .string(namespace))]
        case .webhook(let name): [("drain.blocker", .string("webhook")), ("drain.webhook", .string(name))]
        }
    }
}
