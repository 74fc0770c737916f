import DrainEngine
import KubernetesAPI
import Timestamps

/// A drain's events as what the cluster's people are told. Nothing is said of a dry run, nor of a drain that ends before
/// it has touched or waited for anything.
struct ClusterReport {
    /// A pod that is blocked for less is not worth an Event; the verdict is known by then.
    static let blockedFor = Duration.seconds(2)

    private let node: String
    private let podEvents: Bool
    private var status: DrainStatus
    private var isSilent = false
    private var hasBegun = false
    private var showsProgress = false

    init(node: String, podEvents: Bool) {
        self.node = node
        self.podEvents = podEvents
        status = DrainStatus(node: node)
    }

    mutating func take(_ event: DrainEvent) -> [ClusterRemark] {
        if case .began(_, let policy) = event.fact {
            self = ClusterReport(node: node, podEvents: podEvents)
            isSilent = policy.dryRun != .none || policy.surveysOnly
        }
        guard !isSilent else { return [] }
        let remarks = remarks(event.fact, at: event.at)
        status.apply(event)
        return remarks
    }

    private mutating func remarks(_ fact: DrainEvent.Fact, at now: Timestamp) -> [ClusterRemark] {
        switch fact {
        case .turn(let standing): return begin(at: now) + turn(standing, at: now)
        case .stateChanged(.draining): return begin(at: now) + progress(at: now)
        case .cordon(let step): return cordon(step, at: now)
        case .uncordonedByOthers(let recordons):
            let consequence = recordons ? "it is cordoned again" : "nothing more is evicted"
            return [note(.uncordonedByOther, "somebody made the node schedulable: \(consequence)", at: now)]
        case .judged(let judgement): return judged(judgement, at: now)
        case .overrunProjected(let overrun):
            guard let overrun, status.overrun == nil || (overrun == .never) != (status.overrun == .never) else {
                return []
            }
            return [note(.overrunProjected, text(of: overrun), at: now)]
        case .unblock(let step): return [unblock(step, at: now)]
        case .deletedAtDeadline(let deletion): return deleted(deletion, at: now)
        case .waitBegan(let wait):
            let due = now + Self.blockedFor
            return [note(.drainBlocked, on: wait.pod, text(of: wait), cause: wait.blocker, at: due)]
        case .waitEnded(let wait, .allowed):
            var remark = ClusterNote(
                key: .init(subject: .pod(wait.pod), reason: .drainUnblocked, cause: "\(wait.blocker)"),
                message: "\(wait.blocker) blocks it no longer", due: now)
            remark.ends = .drainBlocked
            return [.note(remark)]
        case .stuck(let pod, let termination):
            let entry = status.pods[pod]
            guard let termination, termination.reason != entry.stuck?.reason else { return [] }
            return [note(.stuckTerminating, on: entry.pod, termination.text, at: now)]
        // Not its move: the watch may show the pod terminating before the answer is there.
        case .evictionAnswered(let attempt):
            guard podEvents, attempt.reply.answer == .accepted else { return [] }
            return [note(.drainEvicted, on: attempt.pod, "evicted, for node \(node) is drained", at: now)]
        case .podMoved(let move):
            guard podEvents, move.to == .failed else { return [] }
            return [note(.drainEvictionFailed, on: move.pod, move.message, at: now)]
        case .ended(let summary): return ended(summary, at: now)
        case .began, .resumed, .stateChanged, .deadlineChanged, .nodeSeen, .nodeDeleted, .surveyed, .planned, .podAdded,
            .podExcluded,
            .exclusionEnded, .podFinished, .annotationIgnored, .tierStarted, .waitGoesOn, .waitEnded,
            .budgetWatchChanged, .deletionExpected, .volumesAttached, .listed, .watchEnded, .pollingChanged,
            .requestFailed, .throttled:
            return []
        }
    }
}

// MARK: - From the beginning to the end

extension ClusterReport {
    private mutating func begin(at now: Timestamp) -> [ClusterRemark] {
        guard !hasBegun, let start = status.start else { return [] }
        hasBegun = true
        let limit = start.deadline.map { ", to end by \($0.rfc3339())" } ?? ""
        guard let record = status.resumed else {
            return [note(.drainStarted, "\(start.id) began (\(start.trigger.rawValue))\(limit)", at: now)]
        }
        return [note(.drainResumed, "\(start.id) goes on, begun at \(record.started.rfc3339())\(limit)", at: now)]
    }

    private func turn(_ standing: FleetTurn.Standing, at now: Timestamp) -> [ClusterRemark] {
        guard standing != status.turn else { return [] }
        switch standing {
        case .waiting(let before, let holders):
            let place = before == 0 ? "it is the next" : "\(before) \(before == 1 ? "is" : "are") before it"
            let others = holders.isEmpty ? "" : "; being drained: \(holders.joined(separator: ", "))"
            return [note(.drainWaiting, "the node waits for its turn: \(place)\(others)", at: now)]
        case .lost(let reason):
            return [note(.drainTurnLost, "nothing more is evicted until the turn is back: \(reason)", at: now)]
        case .held: return []
        }
    }

    private mutating func cordon(_ step: CordonStep, at now: Timestamp) -> [ClusterRemark] {
        switch step {
        case .cordoned: return begin(at: now) + [note(.nodeCordoned, "made unschedulable", at: now)] + progress(at: now)
        case .alreadyCordoned: return begin(at: now) + progress(at: now)
        case .uncordoned:
            let message = "the node is schedulable again"
            return [.conditions([condition(.drained, false, "NodeUncordoned", message, at: now)])]
        case .uncordonFailed: return []
        }
    }

    /// Once a drain: from when the node is touched.
    private mutating func progress(at now: Timestamp) -> [ClusterRemark] {
        guard !showsProgress, let start = status.start else { return [] }
        showsProgress = true
        let reason: ClusterEventReason = status.resumed == nil ? .drainStarted : .drainResumed
        return [
            .conditions([
                condition(.inProgress, true, reason.rawValue, "\(start.id) (\(start.trigger.rawValue))", at: now),
                condition(.drained, false, reason.rawValue, "\(start.id) is under way", at: now),
            ])
        ]
    }

    private func ended(_ summary: DrainSummary, at now: Timestamp) -> [ClusterRemark] {
        guard hasBegun else { return [] }
        let reason = ClusterEventReason(summary.outcome)
        var message = "after \((now - (status.startedAt ?? now)).inWholeSeconds)"
        if !summary.reason.isEmpty { message += ": \(summary.reason)" }
        message +=
            "; \(summary.evicted) evicted, \(summary.vanished) gone by themselves, \(summary.failed) failed, "
            + "\(summary.remaining.count) left"
        guard showsProgress else { return [note(reason, message, at: now)] }
        let isDrained = summary.outcome == .completed
        return [
            note(reason, message, at: now),
            .conditions([
                condition(.inProgress, false, reason.rawValue, message, at: now),
                condition(.drained, isDrained, reason.rawValue, message, at: now),
            ]),
        ]
    }
}

// MARK: - What holds it up, and what is done about it

extension ClusterReport {
    /// The budget's own Event, and better words for the pods that wait for it.
    private func judged(_ judgement: Judgement, at now: Timestamp) -> [ClusterRemark] {
        let waiting = status.pods.compactMap(\.wait).filter { $0.blocker == judgement.blocker }
        let before = status.judgements[judgement.blocker]
        guard judgement.verdict != before?.verdict ?? .waiting else { return [] }
        var remarks: [ClusterRemark] = []
        if judgement.verdict.isForGood {
            let pods = "\(judgement.blocker) blocks \(DrainStatus.pods(max(1, waiting.count)))"
            let message = "\(pods), \(judgement.verdict.rawValue): \(judgement.advice)"
            remarks.append(note(.budgetCannotAllow, message, cause: "\(judgement.blocker)", at: now))
        }
        for wait in waiting {
            var blocked = ClusterNote(
                key: .init(subject: .pod(wait.pod), reason: .drainBlocked, cause: "\(wait.blocker)"),
                message: text(of: wait, judgement), due: max(now, wait.since + Self.blockedFor))
            blocked.isUpdate = true
            remarks.append(.note(blocked))
        }
        return remarks
    }

    private func unblock(_ step: UnblockStep, at now: Timestamp) -> ClusterRemark {
        let cause = "\(step.owner)"
        return switch step.result {
        case .restarted:
            note(
                .workloadRestarted, "\(step.owner) is restarted, for budget \(step.budget) can never allow",
                cause: cause, at: now)
        case .refused(let reason), .failed(let reason):
            note(.unblockRefused, "\(step.owner) is not restarted: \(reason)", cause: cause, at: now)
        }
    }

    private func deleted(_ deletion: DeadlineDeletion, at now: Timestamp) -> [ClusterRemark] {
        let grace = "with \(deletion.gracePeriodSeconds) s of grace"
        let message =
            deletion.problem.isEmpty
            ? "pod \(deletion.pod) is deleted at the deadline, past its budget, \(grace)"
            : "pod \(deletion.pod) could not be deleted at the deadline: \(deletion.problem)"
        let onNode = note(.podDeletedAtDeadline, message, at: now)
        return podEvents ? [onNode, note(.podDeletedAtDeadline, on: deletion.pod, message, at: now)] : [onNode]
    }
}

// MARK: - Words

extension ClusterReport {
    private func note(
        _ reason: ClusterEventReason, _ message: String, cause: String = "", at due: Timestamp
    ) -> ClusterRemark {
        .note(
            ClusterNote(
                key: .init(subject: .node(node), reason: reason, cause: cause), message: message, due: due))
    }

    private func note(
        _ reason: ClusterEventReason, on pod: PodIdentity, _ message: String, cause: Blocker? = nil, at due: Timestamp
    ) -> ClusterRemark {
        .note(
            ClusterNote(
                key: .init(subject: .pod(pod), reason: reason, cause: cause.map { "\($0)" } ?? ""), message: message,
                due: due))
    }

    private func condition(
        _ type: DrainCondition, _ holds: Bool, _ reason: String, _ message: String, at now: Timestamp
    ) -> Condition {
        Condition(
            type: type.rawValue, status: holds ? "True" : "False", reason: reason, message: message,
            lastTransitionTime: now)
    }

    private func text(of wait: PodWait, _ judgement: Judgement? = nil) -> String {
        let judgement = judgement ?? status.judgements[wait.blocker]
        var text = "node \(node) is drained, and \(wait.blocker) says not now"
        if let judgement { text += " (\(judgement.verdict.rawValue))" }
        if let advice = judgement?.advice, !advice.isEmpty { return "\(text): \(advice)" }
        return wait.lastMessage.isEmpty ? text : "\(text): \(wait.lastMessage)"
    }

    private func text(of overrun: Projection.Overrun) -> String {
        let lateness =
            switch overrun {
            case .by: "as things go it ends \(overrun.text) after the deadline"
            case .never: "as things stand it never ends"
            }
        let obstacles = status.obstacles
        return obstacles.isEmpty ? lateness : "\(lateness); it waits for \(obstacles.joined(separator: ", "))"
    }
}

extension ClusterEventReason {
    fileprivate init(_ outcome: DrainOutcome) {
        switch outcome {
        case .completed: self = .drainCompleted
        case .incomplete: self = .drainIncomplete
        case .timedOut: self = .drainTimedOut
        case .cancelled: self = .drainCancelled
        case .failed: self = .drainFailed
        }
    }
}
