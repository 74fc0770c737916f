internal import DrainEngine
internal import KubernetesAPI
public import Telemetry
internal import Timestamps

extension DrainStatus {
    /// The body of GET /drain.
    public var json: JSONValue {
        var fields: [(String, JSONValue)] = [
            ("node", .string(node)), ("state", .string(state.rawValue)), ("state_since", Self.time(stateSince)),
            ("drain_id", start.map { .string($0.id) } ?? .null),
            ("trigger", start.map { .string($0.trigger.rawValue) } ?? .null),
            ("dry_run", .string((policy?.dryRun ?? .none).rawValue)), ("started", Self.time(startedAt)),
            ("deadline", Self.time(deadline)), ("unschedulable", isUnschedulable.map { .bool($0) } ?? .null),
            ("outcome", summary.map { .string($0.outcome.rawValue) } ?? .null),
            ("reason", summary.map { .string($0.reason) } ?? .null),
        ]
        fields.append(("counts", .object(PodPhase.allCases.map { ($0.rawValue, .int(Int64(count($0)))) })))
        fields.append(("blockers", .array(blockers.map(\.json))))
        fields.append(("pods", .array(sortedPods.map(\.json))))
        fields.append(
            (
                "excluded",
                .array(
                    excluded.map { pod, reason in
                        .object([
                            ("namespace", .string(pod.namespace)), ("name", .string(pod.name)),
                            ("reason", .string(reason.rawValue)),
                        ])
                    })
            ))
        if let lastError { fields.append(("last_error", .string(lastError))) }
        return .object(fields)
    }

    /// Those that hold things up first.
    private var sortedPods: [PodState] {
        let order: [PodPhase] = [.failed, .blocked, .retrying, .terminating, .evicting, .queued, .gone]
        return pods.sorted { a, b in
            (order.firstIndex(of: a.phase) ?? 0, a.pod.namespace, a.pod.name)
                < (order.firstIndex(of: b.phase) ?? 0, b.pod.namespace, b.pod.name)
        }
    }

    fileprivate static func time(_ moment: Timestamp?) -> JSONValue {
        moment.map { .string($0.rfc3339(.microseconds)) } ?? .null
    }
}

extension DrainStatus.PodState {
    fileprivate var json: JSONValue {
        var fields: [(String, JSONValue)] = [
            ("namespace", .string(pod.namespace)), ("name", .string(pod.name)), ("uid", .string(pod.uid)),
            ("phase", .string(phase.rawValue)), ("since", DrainStatus.time(since)),
            ("attempts", .int(Int64(attempts))),
        ]
        if let wait { fields += wait.blocker.fields + [("waiting_since", DrainStatus.time(wait.since))] }
        if let due { fields.append(("next_attempt", DrainStatus.time(due))) }
        if !message.isEmpty { fields.append(("message", .string(message))) }
        if let deletionDeadline { fields.append(("deletion_deadline", DrainStatus.time(deletionDeadline))) }
        if !finalizers.isEmpty { fields.append(("finalizers", .array(finalizers.map { .string($0) }))) }
        return .object(fields)
    }
}

extension DrainStatus.BlockerState {
    /// Who, since when, and how many.
    var fields: [(String, JSONValue)] {
        blocker.fields + [("since", DrainStatus.time(since)), ("blocked_pods", .int(Int64(pods.count)))]
    }

    fileprivate var json: JSONValue {
        .object(fields + [("pods", .array(pods.map { .string("\($0)") })), ("message", .string(message))])
    }
}
