public import DrainEngine
internal import KubernetesAPI
internal import Locking
public import Telemetry
public import Timestamps

/// A drain's events as log lines: state changes, not every retry.
public final class DrainLog: DrainObserver {
    private struct State {
        var trace: DrainTrace?
        var drainID = ""
        /// Pods whose first retry has been said, by the answer that caused it.
        var said: Set<String> = []
        /// What fails at present: said once as a warning, and again when it had worked in between.
        var failing: Set<APIOperation> = []
    }

    private let node: String
    private let boot: String
    private let emit: @Sendable (LogLine) -> Void
    private let state = Lock(State())

    public init(node: String, boot: String, emit: @escaping @Sendable (LogLine) -> Void) {
        self.node = node
        self.boot = boot
        self.emit = emit
    }

    public func observe(_ event: DrainEvent) {
        let line = state.withLock { state -> LogLine? in
            if case .began(let start, _) = event.fact {
                state = State(trace: DrainTrace(start, boot: boot), drainID: start.id)
            }
            guard let (level, message, fields, span) = Self.describe(event.fact, &state) else { return nil }
            var line = LogLine(at: event.at, level: level, logger: "drain", message: message)
            line.fields = [("drain_id", .string(state.drainID)), ("node", .string(node))] + fields
            if let trace = state.trace { line.trace = (trace.traceID, span ?? trace.root) }
            return line
        }
        if let line { emit(line) }
    }

    /// How the drain stands: for every 30 seconds of it.
    public func summary(of status: DrainStatus, at now: Timestamp) -> LogLine {
        var fields: [(String, JSONValue)] = [("drain_id", .string(status.start?.id ?? "")), ("node", .string(node))]
        fields.append(("state", .string(status.state.rawValue)))
        fields.append(("pods", .object(PodPhase.allCases.map { ($0.rawValue, .int(Int64(status.count($0)))) })))
        let blockers = status.blockers.prefix(10).map { JSONValue.object($0.fields) }
        if !blockers.isEmpty { fields.append(("blockers", .array(Array(blockers)))) }
        if let deadline = status.deadline { fields.append(("deadline", .string(deadline.rfc3339()))) }
        let trace = state.withLock { $0.trace }
        return LogLine(
            at: now, level: .info, logger: "drain", message: "drain is under way", fields: fields,
            trace: trace.map { ($0.traceID, $0.root) })
    }

    private typealias Line = (LogLevel, String, [(String, JSONValue)], SpanID?)

    private static func describe(_ fact: DrainEvent.Fact, _ state: inout State) -> Line? {
        switch fact {
        case .began(let start, let policy):
            return (
                .info, "drain began",
                [
                    ("trigger", .string(start.trigger.rawValue)),
                    ("deadline", start.deadline.map { .string($0.rfc3339()) } ?? .null),
                    ("dry_run", .string(policy.dryRun.rawValue)),
                ], nil
            )
        case .stateChanged(let entered): return (.info, "state changed", [("state", .string(entered.rawValue))], nil)
        case .deadlineChanged(let deadline):
            return (.info, "deadline changed", [("deadline", deadline.map { .string($0.rfc3339()) } ?? .null)], nil)
        case .cordon(let cordon): return describe(cordon, state.trace)
        case .planned(let pods, let excluded):
            return (.info, "planned", [("pods", .int(Int64(pods))), ("excluded", .int(Int64(excluded)))], nil)
        case .podExcluded(let pod, let reason):
            return (.info, "pod left alone", [pod.field, ("reason", .string(reason.rawValue))], nil)
        case .podMoved(let move): return describe(move, &state)
        case .waitBegan(let wait):
            return (
                .warning, "eviction is blocked",
                [wait.pod.field] + wait.blocker.fields + [
                    ("refusals", .int(Int64(wait.refusals))), ("err", .string(wait.firstMessage)),
                ], state.trace?.wait(wait.pod.uid, wait.number)
            )
        case .waitEnded(let wait, let outcome):
            return (
                .info, "wait ended",
                [wait.pod.field] + wait.blocker.fields + [
                    ("outcome", .string(outcome.rawValue)), ("refusals", .int(Int64(wait.refusals))),
                ], state.trace?.wait(wait.pod.uid, wait.number)
            )
        case .evictionAnswered(let attempt):
            return (
                .debug, "eviction answered",
                [
                    attempt.pod.field, ("attempt", .int(Int64(attempt.number))),
                    ("answer", .string(attempt.reply.answer.rawValue)),
                    ("code", attempt.exchange.code.map { .int(Int64($0)) } ?? .null),
                ], state.trace?.attempt(attempt.pod.uid, attempt.number)
            )
        case .watchEnded(let reason, let detail):
            return (.debug, "watch ended", [("reason", .string(reason.rawValue)), ("err", .string(detail))], nil)
        case .pollingChanged(let isPolling, let reason):
            return isPolling
                ? (.warning, "watch does not work: listing pods instead", [("err", .string(reason))], nil)
                : (.info, "watch works again", [], nil)
        case .requestFailed(let operation, let message, let delay):
            let isFirst = state.failing.insert(operation).inserted
            return (
                isFirst ? .warning : .debug, "request failed: trying again",
                [
                    ("operation", .string(operation.rawValue)), ("err", .string(message)),
                    ("retry_in", .string(GoDuration.format(delay))),
                ], nil
            )
        case .throttled(let delay):
            return (.warning, "server asked for a pause", [("pause", .string(GoDuration.format(delay)))], nil)
        case .ended(let summary): return describe(summary)
        case .listed:
            state.failing.remove(.list)
            return nil
        case .resumed, .turn, .uncordonedByOthers, .nodeDeleted, .surveyed, .annotationIgnored, .tierStarted, .judged,
            .budgetWatchChanged, .unblock, .stuck, .overrunProjected, .deletedAtDeadline, .volumesAttached:
            return nil
        case .nodeSeen, .podAdded, .exclusionEnded, .podFinished, .waitGoesOn, .deletionExpected: return nil
        }
    }

    private static func describe(_ cordon: CordonStep, _ trace: DrainTrace?) -> Line {
        switch cordon {
        case .alreadyCordoned: (.info, "node was cordoned already", [], nil)
        case .cordoned: (.info, "node cordoned", [], trace?.cordon)
        case .uncordoned: (.info, "node uncordoned", [], nil)
        case .uncordonFailed(let message): (.error, "node could not be uncordoned", [("err", .string(message))], nil)
        }
    }

    private static func describe(_ move: PodMove, _ state: inout State) -> Line? {
        var fields = [
            move.pod.field, ("phase", JSONValue.string(move.to.rawValue)), ("attempt", .int(Int64(move.attempts))),
        ]
        if let answer = move.answer { fields.append(("answer", .string(answer.rawValue))) }
        let span = state.trace?.pod(move.pod.uid)
        switch move.to {
        case .queued: return (.warning, "pod is still there", fields, span)
        case .evicting, .blocked: return nil
        case .retrying:
            fields.append(("err", .string(move.message)))
            let isFirst = state.said.insert("\(move.pod.uid) \(move.answer?.rawValue ?? "")").inserted
            return (isFirst ? .warning : .debug, "eviction is tried again", fields, span)
        case .terminating: return (.info, "pod is terminating", fields, span)
        case .gone: return (.info, "pod is gone", fields, span)
        case .failed:
            fields.append(("err", .string(move.message)))
            return (.error, "pod cannot be evicted", fields, span)
        }
    }

    private static func describe(_ summary: DrainSummary) -> Line {
        let level: LogLevel =
            switch summary.outcome {
            case .completed: .info
            case .cancelled: .warning
            case .incomplete, .timedOut, .failed: .error
            }
        var fields: [(String, JSONValue)] = [
            ("outcome", .string(summary.outcome.rawValue)), ("pods", .int(Int64(summary.total))),
            ("evicted", .int(Int64(summary.evicted))), ("vanished", .int(Int64(summary.vanished))),
            ("failed", .int(Int64(summary.failed))),
        ]
        if !summary.reason.isEmpty { fields.append(("err", .string(summary.reason))) }
        // The first ones say what the matter is; a node full of them would not fit a line.
        let remaining = summary.remaining.prefix(20).map { JSONValue.string("\($0.pod) \($0.phase.rawValue)") }
        if !remaining.isEmpty { fields.append(("remaining", .array(remaining))) }
        return (level, "drain ended", fields, nil)
    }
}

extension PodIdentity {
    var field: (String, JSONValue) {
        ("pod", .object([("namespace", .string(namespace)), ("name", .string(name)), ("uid", .string(uid))]))
    }
}

extension Blocker {
    /// What says not now, for logs.
    var fields: [(String, JSONValue)] {
        switch self {
        case .budget(let namespace, let name): [("pdb", .string("\(namespace)/\(name)"))]
        case .severalBudgets(let namespace): [("pdb", .string("\(namespace)/ (several)"))]
        case .webhook(let name): [("webhook", .string(name))]
        }
    }
}
