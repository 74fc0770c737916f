internal import DrainEngine
internal import KubernetesAPI
public import Telemetry
internal import Timestamps

extension DrainStatus {
    /// The body of GET /drain.
    public var json: JSONValue { .object(fields(withPods: true)) }

    /// The same without the pods.
    var summaryJSON: JSONValue { .object(fields(withPods: false)) }

    private func fields(withPods: Bool) -> [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = [
            ("node", .string(node)), ("state", .string(state.rawValue)), ("state_since", Self.time(stateSince)),
            ("drain_id", start.map { .string($0.id) } ?? .null),
            ("trigger", start.map { .string($0.trigger.rawValue) } ?? .null),
            ("dry_run", .string((policy?.dryRun ?? .none).rawValue)), ("started", Self.time(startedAt)),
            ("deadline", Self.time(deadline)), ("unschedulable", isUnschedulable.map { .bool($0) } ?? .null),
            ("outcome", summary.map { .string($0.outcome.rawValue) } ?? .null),
            ("reason", summary.map { .string($0.reason) } ?? .null), ("resumed", .bool(resumed != nil)),
            ("turn", turn?.json ?? .null), ("tier", .string(tier.name)),
            ("projected_overrun_seconds", overrun?.json ?? .null),
            ("watching_budgets", .bool(unwatchedBudgets.isEmpty)),
        ]
        fields.append(("counts", .object(PodPhase.allCases.map { ($0.rawValue, .int(Int64(count($0)))) })))
        fields.append(("blockers", .array(blockers.map(\.json))))
        if withPods {
            fields.append(("pods", .array(sortedPods.map(\.json))))
            fields.append(
                ("excluded", .array(excluded.map { .object($0.nameFields + [("reason", .string($1.rawValue))]) })))
        }
        if !unblocks.isEmpty { fields.append(("unblocks", .array(unblocks.map { .object($0.fields) }))) }
        if !volumesAttached.isEmpty {
            fields.append(("volumes_attached", .array(volumesAttached.map { .string($0) })))
        }
        if let lastError { fields.append(("last_error", .string(lastError))) }
        return fields
    }

    /// Those that hold things up first.
    private var sortedPods: [PodState] {
        let order: [PodPhase] = [.failed, .blocked, .retrying, .terminating, .evicting, .queued, .gone]
        return pods.sorted { a, b in
            (order.firstIndex(of: a.phase) ?? 0, a.pod.namespace, a.pod.name)
                < (order.firstIndex(of: b.phase) ?? 0, b.pod.namespace, b.pod.name)
        }
    }

    static func time(_ moment: Timestamp?) -> JSONValue {
        moment.map { .string($0.rfc3339(.microseconds)) } ?? .null
    }
}

extension PodIdentity {
    var nameFields: [(String, JSONValue)] { [("namespace", .string(namespace)), ("name", .string(name))] }
}

extension DrainStatus.PodState {
    fileprivate var json: JSONValue {
        var fields: [(String, JSONValue)] = pod.nameFields
        fields += [
            ("uid", .string(pod.uid)),
            ("tier", .string(tier.name)), ("phase", .string(phase.rawValue)), ("since", DrainStatus.time(since)),
            ("attempts", .int(Int64(attempts))),
        ]
        if let wait { fields += wait.blocker.fields + [("waiting_since", DrainStatus.time(wait.since))] }
        if let due { fields.append(("next_attempt", DrainStatus.time(due))) }
        if !message.isEmpty { fields.append(("message", .string(message))) }
        if let deletionDeadline { fields.append(("deletion_deadline", DrainStatus.time(deletionDeadline))) }
        if !finalizers.isEmpty { fields.append(("finalizers", .array(finalizers.map { .string($0) }))) }
        if let stuck { fields.append(("stuck", .object(stuck.fields))) }
        if isDeletedAtDeadline { fields.append(("deleted_at_deadline", .bool(true))) }
        return .object(fields)
    }
}

extension DrainStatus.BlockerState {
    /// Who, since when, how many, and whether it can end.
    var fields: [(String, JSONValue)] {
        blocker.fields + [("since", DrainStatus.time(since)), ("blocked_pods", .int(Int64(pods.count)))]
            + (judgement?.fields ?? [("verdict", .string(verdict.rawValue))])
    }

    fileprivate var json: JSONValue {
        .object(fields + [("pods", .array(pods.map { .string("\($0)") })), ("message", .string(message))])
    }
}

extension Judgement {
    /// The verdict and what it rests on; the blocker is not among them.
    var fields: [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = [("verdict", .string(verdict.rawValue))]
        if !advice.isEmpty { fields.append(("advice", .string(advice))) }
        guard let status else { return fields }
        fields.append(("allowed", .int(Int64(status.disruptionsAllowed))))
        fields.append(("current_healthy", .int(Int64(status.currentHealthy))))
        fields.append(("desired_healthy", .int(Int64(status.desiredHealthy))))
        fields.append(("expected_pods", .int(Int64(status.expectedPods))))
        return fields
    }
}

extension FleetTurn.Standing {
    /// `standing`, and what belongs to it.
    var fields: [(String, JSONValue)] {
        switch self {
        case .waiting(let before, let holders):
            [
                ("standing", .string(word.rawValue)), ("place", .int(Int64(before) + 1)),
                ("holders", .array(holders.map { .string($0) })),
            ]
        case .held(let lease): [("standing", .string(word.rawValue)), ("lease", .string(lease))]
        case .lost(let reason): [("standing", .string(word.rawValue)), ("reason", .string(reason))]
        }
    }

    fileprivate var json: JSONValue { .object(fields) }
}

extension Projection.Overrun {
    fileprivate var json: JSONValue {
        switch self {
        case .by(let duration): .double(duration.inSeconds)
        case .never: .string("never")
        }
    }
}

extension StuckTermination {
    var fields: [(String, JSONValue)] {
        var fields: [(String, JSONValue)] = [("reason", .string(reason.rawValue))]
        if !detail.isEmpty { fields.append(("detail", .string(detail))) }
        fields.append(("overdue_since", DrainStatus.time(overdueSince)))
        return fields
    }
}

extension UnblockStep {
    /// Whose rollout, for which budget, and what became of it.
    var fields: [(String, JSONValue)] {
        let fields: [(String, JSONValue)] = [
            ("owner", .string("\(owner)")), ("pdb", .string("\(budget)")), ("result", .string(result.word.rawValue)),
        ]
        return fields + (result.reason.map { [("reason", .string($0))] } ?? [])
    }
}
