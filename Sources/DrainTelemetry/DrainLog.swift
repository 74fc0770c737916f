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
        /// As it stood before the event that is being told: a change is said, a repetition is not.
        var status: DrainStatus
        /// Pods whose first retry has been said, by the answer that caused it.
        var said: Set<String> = []
        /// What fails at present: said once as a warning, and again when it had worked in between.
        var failing: Set<APIOperation> = []
    }

    private let node: String
    private let boot: String
    private let emit: @Sendable (LogLine) -> Void
    private let state: Lock<State>
    /// Pods that can never go, each with a line of its own.
    private static let foretoldCap = 20

    public init(node: String, boot: String, emit: @escaping @Sendable (LogLine) -> Void) {
        self.node = node
        self.boot = boot
        self.emit = emit
        state = Lock(State(status: DrainStatus(node: node)))
    }

    public func observe(_ event: DrainEvent) {
        let lines = state.withLock { state -> [LogLine] in
            if case .began(let start, _) = event.fact {
                state = State(
                    trace: DrainTrace(start, boot: boot), drainID: start.id, status: DrainStatus(node: node))
            }
            let lines = Self.lines(event.fact, &state)
            state.status.apply(event)
            return lines.map { level, message, fields, span in
                var line = LogLine(at: event.at, level: level, logger: "drain", message: message)
                line.fields = [("drain_id", .string(state.drainID)), ("node", .string(node))] + fields
                if let trace = state.trace { line.trace = (trace.traceID, span ?? trace.root) }
                return line
            }
        }
        lines.forEach(emit)
    }

    /// What a line of others that is written during the drain, or after it, says of it; `nil`: none has begun.
    public var context: (field: (String, JSONValue), trace: (TraceID, SpanID))? {
        state.withLock { state in
            state.trace.map { (("drain_id", .string(state.drainID)), ($0.traceID, $0.root)) }
        }
    }

    /// How the drain stands: for every 30 seconds of it.
    public func summary(of status: DrainStatus, at now: Timestamp) -> LogLine {
        var fields: [(String, JSONValue)] = [("drain_id", .string(status.start?.id ?? "")), ("node", .string(node))]
        fields.append(("state", .string(status.state.rawValue)))
        fields.append(("pods", .object(PodPhase.allCases.map { ($0.rawValue, .int(Int64(status.count($0)))) })))
        let blockers = status.blockers.prefix(10).map { JSONValue.object($0.fields) }
        if !blockers.isEmpty { fields.append(("blockers", .array(Array(blockers)))) }
        if case .waiting? = status.turn, let turn = status.turn { fields.append(("turn", .object(turn.fields))) }
        if let overrun = status.overrun { fields.append(("projected_overrun", .string(overrun.text))) }
        if let deadline = status.deadline { fields.append(("deadline", .string(deadline.rfc3339()))) }
        let trace = state.withLock { $0.trace }
        return LogLine(
            at: now, level: .info, logger: "drain", message: "drain is under way", fields: fields,
            trace: trace.map { ($0.traceID, $0.root) })
    }

    fileprivate typealias Line = (LogLevel, String, [(String, JSONValue)], SpanID?)

    private static func lines(_ fact: DrainEvent.Fact, _ state: inout State) -> [Line] {
        if case .surveyed(let forecast) = fact { return lines(forecast) }
        return describe(fact, &state).map { [$0] } ?? []
    }

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
            // A pod that was not asked for, because a sibling was refused, is no further news.
            return (
                wait.refusals > 0 ? .warning : .info, "eviction is blocked",
                [wait.pod.field] + wait.blocker.fields + [("refusals", .int(Int64(wait.refusals)))]
                    + (wait.firstMessage.isEmpty ? [] : [("err", .string(wait.firstMessage))]),
                state.trace?.wait(wait.pod.uid, wait.number)
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
        case .resumed(let record): return describe(record)
        case .turn(let standing): return describe(standing, before: state.status.turn, state.trace)
        case .uncordonedByOthers(let recordons):
            return (.warning, "node made schedulable by others", [("recordons", .bool(recordons))], nil)
        case .nodeDeleted: return (.warning, "node is gone, waiting for its pods", [], nil)
        case .annotationIgnored(let pod, let annotation, let problem):
            return (
                .warning, "annotation ignored",
                [pod.field, ("annotation", .string(annotation)), ("err", .string(problem))], nil
            )
        case .tierStarted(let tier): return (.info, "tier started", [("tier", .string(tier.name))], nil)
        case .judged(let judgement): return describe(judgement, before: state.status.judgements[judgement.blocker])
        case .budgetWatchChanged(let namespace, let isLive, let reason):
            return describe(budgetsOf: namespace, isLive, reason, state.status)
        case .unblock(let step): return describe(step)
        case .stuck(let pod, let termination):
            return describe(termination, of: state.status.pods[pod], state.trace)
        case .overrunProjected(let overrun): return describe(overrun, state.status)
        case .deletedAtDeadline(let deletion): return describe(deletion, state.trace)
        case .volumesAttached(let names):
            return (
                .info, names.isEmpty ? "volumes are detached" : "volumes are still attached",
                names.isEmpty ? [] : [("volumes", .array(names.prefix(20).map { .string($0) }))], nil
            )
        case .surveyed, .nodeSeen, .podAdded, .exclusionEnded, .podFinished, .waitGoesOn, .deletionExpected: return nil
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
        var fields = [move.pod.field, ("attempt", JSONValue.int(Int64(move.attempts)))]
        if let answer = move.answer { fields.append(("answer", .string(answer.rawValue))) }
        fields.append(("phase", .string(move.to.rawValue)))
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

// MARK: - What holds things up, and what is done about it

extension DrainLog {
    private static func describe(_ record: DrainRecord) -> Line {
        (
            .info, "drain resumed",
            [
                ("agent", .string(record.agent)), ("started", .string(record.started.rfc3339())),
                ("deadline", record.deadline.map { .string($0.rfc3339()) } ?? .null),
                ("pods", .int(Int64(record.total))),
            ], nil
        )
    }

    private static func describe(
        _ standing: FleetTurn.Standing, before: FleetTurn.Standing?, _ trace: DrainTrace?
    ) -> Line? {
        guard standing != before else { return nil }
        let fields = standing.fields.filter { $0.0 != "standing" && $0.0 != "reason" }
        return switch standing {
        case .waiting: (.info, "waiting for our turn", fields, nil)
        case .held: (.info, "our turn has come", fields, nil)
        case .lost(let reason): (.warning, "our turn is lost", [("err", .string(reason))], nil)
        }
    }

    private static func lines(_ forecast: Forecast) -> [Line] {
        var never: [Line] = []
        for entry in forecast.pods {
            guard case .never(let reason) = entry.outlook, never.count < foretoldCap else { continue }
            never.append((.warning, "pod can never go", [entry.pod.field, ("err", .string(reason))], nil))
        }
        let counts = Forecast.Word.allCases.map { ($0.rawValue, JSONValue.int(Int64(forecast.count($0)))) }
        return [(.info, "surveyed", counts, nil)] + never
    }

    private static func describe(_ judgement: Judgement, before: Judgement?) -> Line? {
        let verdict = before?.verdict ?? .waiting
        guard judgement.verdict != verdict || judgement.advice != before?.advice ?? "" else { return nil }
        let level: LogLevel =
            switch judgement.verdict {
            // Other pods are unready now: the verdict is the same.
            case verdict: .debug
            case .waiting: .info
            case .unsatisfiable, .misconfigured, .unhealthy: .warning
            }
        return (level, "verdict changed", judgement.blocker.fields + judgement.fields, nil)
    }

    private static func describe(
        budgetsOf namespace: String?, _ isLive: Bool, _ reason: String, _ status: DrainStatus
    ) -> Line? {
        guard isLive == status.unwatchedBudgets.keys.contains(namespace) else { return nil }
        let scope: [(String, JSONValue)] = [("namespace", namespace.map { .string($0) } ?? .null)]
        return isLive
            ? (.info, "budgets are watched again", scope, nil)
            : (.warning, "budgets are not watched: asking instead", scope + [("err", .string(reason))], nil)
    }

    private static func describe(_ step: UnblockStep) -> Line {
        let fields = step.fields.filter { $0.0 != "result" && $0.0 != "reason" }
        return switch step.result {
        case .restarted: (.info, "rollout restarted", fields, nil)
        case .refused(let reason): (.warning, "rollout not restarted", fields + [("err", .string(reason))], nil)
        case .failed(let message): (.warning, "rollout restart failed", fields + [("err", .string(message))], nil)
        }
    }

    private static func describe(
        _ termination: StuckTermination?, of pod: DrainStatus.PodState, _ trace: DrainTrace?
    ) -> Line? {
        let span = trace?.termination(pod.pod.uid)
        guard let termination else {
            return pod.stuck.map { _ in (.info, "pod is no longer stuck", [pod.pod.field], span) }
        }
        guard termination != pod.stuck else { return nil }
        let isNews = termination.reason != pod.stuck?.reason
        return (isNews ? .warning : .debug, "pod is stuck", [pod.pod.field] + termination.fields, span)
    }

    private static func describe(_ overrun: Projection.Overrun?, _ status: DrainStatus) -> Line? {
        guard let overrun else {
            return status.overrun.map { _ in (.info, "deadline will be met again", [], nil) }
        }
        guard overrun != status.overrun else { return nil }
        let isNews = status.overrun == nil || (overrun == .never) != (status.overrun == .never)
        return (
            isNews ? .warning : .debug, "deadline will be missed",
            [
                ("projected_overrun", .string(overrun.text)),
                ("waits_for", .array(status.obstacles.map { .string($0) })),
            ], nil
        )
    }

    private static func describe(_ deletion: DeadlineDeletion, _ trace: DrainTrace?) -> Line {
        let fields = [deletion.pod.field, ("grace_period_seconds", JSONValue.int(deletion.gracePeriodSeconds))]
        let span = trace?.pod(deletion.pod.uid)
        guard deletion.problem.isEmpty else {
            return (
                .error, "pod not deleted at the deadline", fields + [("err", .string(deletion.problem))], span
            )
        }
        return (.warning, "pod deleted at the deadline", fields, span)
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
