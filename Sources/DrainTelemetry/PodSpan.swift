import DrainEngine
import KubernetesAPI
import Telemetry
import Timestamps

/// One pod's way, as far as its span has to remember it.
struct PodSpan {
    let facts: PodFacts
    let began: Timestamp
    private(set) var phase: PodPhase
    private(set) var terminatingSince: Timestamp?
    private(set) var lastAnswer: EvictionAnswer?

    private var since: Timestamp
    private var seconds: [PodPhase: Double] = [:]
    private var attempts = 0
    private var omitted = 0
    private var retries = 0
    private var deletionDeadline: Timestamp?
    private var finalizers: [String] = []
    private var isFinished = false
    /// The last reason; kept when it is no longer stuck.
    private var stuck: StuckTermination?
    private var isDeletedAtDeadline = false

    init(_ facts: PodFacts, at now: Timestamp) {
        self.facts = facts
        began = now
        since = now
        phase = facts.phase
        terminatingSince = facts.phase == .terminating ? now : nil
    }

    mutating func moved(_ move: PodMove, at now: Timestamp) {
        pass(to: now)
        phase = move.to
        if move.to == .terminating { terminatingSince = now }
        if move.to == .evicting, move.attempts > 1 { retries += 1 }
    }

    /// Whether the attempt has a span of its own: the first ones have, and the one that settles the matter.
    mutating func answered(_ attempt: EvictionAttempt) -> Bool {
        attempts += 1
        lastAnswer = attempt.reply.answer
        if attempts <= DrainSpans.attemptCap || attempt.reply.answer.settles { return true }
        omitted += 1
        return false
    }

    mutating func deletionExpected(by deadline: Timestamp?, finalizers: [String]) {
        guard let deadline else { return }
        deletionDeadline = deadline
        for finalizer in finalizers where !self.finalizers.contains(finalizer) { self.finalizers.append(finalizer) }
    }

    mutating func stuck(_ termination: StuckTermination) { stuck = termination }

    mutating func deletedAtDeadline() { isDeletedAtDeadline = true }

    /// The pod as it ended, once; `nil` when its span has been told.
    mutating func finish(at now: Timestamp) -> PodSpan? {
        guard !isFinished else { return nil }
        isFinished = true
        pass(to: now)
        return self
    }

    var attributes: [SpanAttribute] {
        var attributes: [SpanAttribute] =
            facts.pod.attributes + [
                ("drain.pod.tier", .string(facts.tier.name)),
                ("drain.eviction.attempts", .int(Int64(attempts))), ("drain.eviction.retries", .int(Int64(retries))),
            ]
        for phase in [PodPhase.queued, .evicting, .blocked, .retrying, .terminating] {
            attributes.append(("drain.seconds.\(phase.rawValue)", .double(seconds[phase, default: 0])))
        }
        if omitted > 0 { attributes.append(("drain.eviction.attempts_omitted", .int(Int64(omitted)))) }
        if let stuck { attributes.append(("drain.pod.stuck", .string(stuck.reason.rawValue))) }
        if isDeletedAtDeadline { attributes.append(("drain.deleted_at_deadline", .bool(true))) }
        return attributes
    }

    func terminationAttributes(at now: Timestamp) -> [SpanAttribute] {
        var attributes: [SpanAttribute] = [
            ("drain.grace_period_seconds", .int(facts.gracePeriodSeconds)), ("drain.finalizers", .strings(finalizers)),
        ]
        if let deletionDeadline {
            attributes.append(("drain.overdue_seconds", .double(max(0, (now - deletionDeadline).inSeconds))))
        }
        if let stuck, !stuck.detail.isEmpty { attributes.append(("drain.stuck.detail", .string(stuck.detail))) }
        return attributes
    }

    private mutating func pass(to now: Timestamp) {
        seconds[phase, default: 0] += (now - since).inSeconds
        since = now
    }
}

extension EvictionAnswer {
    /// The pod is going, or has gone.
    fileprivate var settles: Bool {
        switch self {
        case .accepted, .gone, .replaced, .namespaceTerminating: true
        case .budget, .severalBudgets, .deferred, .throttled, .unauthorized, .forbidden, .rejected, .serverError,
            .unreachable:
            false
        }
    }
}
