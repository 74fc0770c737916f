import KubernetesAPI
import SeededRandom
import Timestamps

/// One pod's way from the node: methods say what happened, and return what is to be told and done about it.
struct PodEviction {
    /// What the drain as a whole has to do about an answer.
    enum Consequence: Equatable {
        /// The whole agent leaves the server alone for so long.
        case pause(Duration, until: Timestamp)
        /// Ask whether we may evict in this pod's namespace at all.
        case reviewAccess
    }

    struct Step: Equatable {
        var facts: [DrainEvent.Fact] = []
        var consequence: Consequence?
    }

    let index: Int
    let pod: PodIdentity
    let isSelf: Bool
    let labels: [String: String]
    let tier: PodTier
    /// `nil`: as everybody.
    let gracePeriodSeconds: Int64?
    /// It is done with once it is terminating: our own pod, for we end with it; any pod of a dry run, for it will not go.
    private let endsTerminating: Bool
    /// When the drain took it on.
    let added: Timestamp
    /// Its containers run, as far as the API knows: budgets have no say in other pods.
    private(set) var isRunning: Bool
    private(set) var isReady: Bool
    private(set) var phase: PodPhase
    private(set) var since: Timestamp
    /// When it was last known to be gone.
    private(set) var seenGone: Timestamp
    private(set) var attempts = 0
    /// When it may be asked for again, while `blocked` or `retrying`.
    private(set) var due: Timestamp?
    private(set) var message = ""
    private(set) var wait: PodWait?
    private(set) var result: PodResult?
    private(set) var lastAnswer: EvictionAnswer?

    /// Time in `blocked` and `retrying` before the present phase.
    private var heldUpBefore = Duration.zero
    private var waits = 0
    private var acceptedAt: Timestamp?
    private var deletionDeadline: Timestamp?
    /// Answers in a row of the kind that has no budget, webhook or success in it.
    private var backoffStep = 0
    private var rejections = 0
    private var forbidden = 0
    private var firstForbidden: Timestamp?
    private var isInFlight = false
    /// The watch took the pod away while its eviction was in flight: the answer will say whether that was us.
    private var hasVanishedInFlight = false
    /// It was told of as finished, and reappeared: it is not told of twice.
    private var wasFinished = false

    init(
        index: Int, pod: Pod, isSelf: Bool, tier: PodTier = .ordinary, isDryRun: Bool = false, at now: Timestamp
    ) {
        self.index = index
        self.pod = pod.identity
        self.isSelf = isSelf
        labels = pod.metadata.labels
        self.tier = tier
        gracePeriodSeconds = PodOverrides(pod).gracePeriodSeconds
        isRunning = pod.status.phase == "Running"
        isReady = pod.isReady
        endsTerminating = isSelf || isDryRun
        phase = pod.isTerminating ? .terminating : .queued
        added = now
        since = now
        seenGone = now
        deletionDeadline = pod.metadata.deletionTimestamp
    }

    /// Nothing more will be done about it.
    var isSettled: Bool {
        phase == .gone || phase == .failed || (endsTerminating && phase == .terminating && !isInFlight)
    }

    /// It can be asked for.
    var isWaiting: Bool { phase == .queued || phase == .blocked || phase == .retrying }

    /// A request for it has gone out; only while it is waiting.
    mutating func sent(at now: Timestamp) -> Step {
        precondition(isWaiting)
        attempts += 1
        isInFlight = true
        return Step(facts: [move(to: .evicting, at: now, answer: lastAnswer, blocker: wait?.blocker)])
    }

    /// The answer to request number `attempts` is here; `accessDenied`: a review said we may not evict here.
    mutating func answered(
        _ reply: EvictionReply, retryAfter: Duration?, at now: Timestamp, policy: DrainPolicy, accessDenied: Bool,
        random: inout SplitMix64
    ) -> Step {
        isInFlight = false
        message = reply.message
        lastAnswer = reply.answer
        if reply.answer == .accepted, policy.dryRun == .none { acceptedAt = now }
        let pause = pause(reply, retryAfter, at: now)
        // The watch can be quicker than the answer: a pod that is terminating stays so, whatever the answer says.
        guard phase == .evicting, !hasVanishedInFlight else {
            var step = hasVanishedInFlight ? leaves(reply.answer, at: now) : Step()
            step.consequence = pause
            return step
        }

        switch reply.answer {
        case .accepted where policy.dryRun == .server: return wouldGo(at: now)
        case .accepted, .namespaceTerminating: return terminates(reply, at: now)
        case .gone, .replaced: return leaves(reply.answer, at: now)
        case .budget, .severalBudgets, .deferred:
            return blocked(reply, retryAfter: retryAfter, at: now, policy: policy)
        case .forbidden:
            return refused(reply, retryAfter: retryAfter, at: now, policy: policy, accessDenied: accessDenied, &random)
        case .rejected:
            rejections += 1
            if rejections > policy.maxRetries { return fails(reply.answer, at: now) }
            return retries(reply, retryAfter: retryAfter, at: now, policy: policy, &random)
        case .throttled:
            var step = retries(reply, retryAfter: retryAfter, at: now, policy: policy, &random)
            step.consequence = pause
            return step
        case .unauthorized, .serverError, .unreachable:
            return retries(reply, retryAfter: retryAfter, at: now, policy: policy, &random)
        }
    }

    /// The whole server wants to be left alone, whatever has become of this pod.
    private func pause(_ reply: EvictionReply, _ retryAfter: Duration?, at now: Timestamp) -> Consequence? {
        guard reply.answer == .throttled, let retryAfter else { return nil }
        return .pause(retryAfter, until: now + retryAfter)
    }

    /// A sibling was refused by a budget that guards this pod, too: it need not ask.
    mutating func heldBack(by blocker: Blocker, message: String, at now: Timestamp) -> Step {
        precondition(phase == .queued)
        self.message = message
        var step = Step()
        waitGoesOn(blocker, message: message, isAsked: false, at: now, into: &step)
        step.facts.append(move(to: .blocked, at: now, answer: nil, blocker: blocker))
        return step
    }

    /// How long it has been blocked, retried, or overdue.
    func heldUp(at now: Timestamp) -> Duration {
        switch phase {
        case .blocked, .retrying: heldUpBefore + (now - since)
        // In a namespace that terminates nobody may have deleted it yet, and says by when it will be.
        case .terminating: heldUpBefore + max(.zero, now - (deletionDeadline ?? since))
        case .queued, .evicting, .gone, .failed: heldUpBefore
        }
    }

    /// When it will have been held up for so long, if nothing happens; `nil`: that alone does not bring it about.
    func heldUp(for patience: Duration, from now: Timestamp) -> Timestamp? {
        let left = patience - heldUp(at: now)
        guard left > .zero else { return now }
        switch phase {
        case .blocked, .retrying: return now + left
        case .terminating: return max(now, deletionDeadline ?? since) + left
        case .queued, .evicting, .gone, .failed: return nil
        }
    }

    /// The watch or a list shows the pod, on this node and under this UID.
    mutating func observed(_ seen: Pod, at now: Timestamp) -> Step {
        isRunning = seen.status.phase == "Running"
        isReady = seen.isReady
        guard phase != .gone, let deadline = seen.deletionDeadline(known: deletionDeadline, at: now) else {
            return Step()
        }
        var step = Step()
        if phase != .terminating, phase != .failed {
            endWait(.allowed, into: &step)
            message = ""
            step.facts.append(move(to: .terminating, at: now, answer: nil, blocker: nil))
        }
        if deadline != deletionDeadline {
            deletionDeadline = deadline
            step.facts.append(.deletionExpected(pod: index, by: deadline, finalizers: seen.metadata.finalizers))
        }
        return step
    }

    /// A plain delete of it was accepted, past whoever blocked it.
    mutating func deletedPastBlocker(at now: Timestamp) -> Step {
        guard isWaiting else { return Step() }
        var step = Step()
        endWait(.abandoned, into: &step)
        message = ""
        step.facts.append(move(to: .terminating, at: now, answer: nil, blocker: nil))
        return step
    }

    /// The pod is absent, or present under another UID, or on another node.
    mutating func vanished(at now: Timestamp) -> Step {
        seenGone = now
        guard phase != .gone else { return Step() }
        guard !isInFlight else {
            hasVanishedInFlight = true
            return Step()
        }
        return leaves(nil, at: now)
    }

    /// A consistent list shows the pod that was thought gone: the list is right.
    mutating func reappeared(at now: Timestamp) -> Step {
        guard phase == .gone else { return Step() }
        wasFinished = true
        result = nil
        acceptedAt = nil
        hasVanishedInFlight = false
        return Step(facts: [move(to: .queued, at: now, answer: nil, blocker: nil)])
    }

    /// A review denied us evictions in its namespace while it waits to be asked for again.
    mutating func accessDenied(at now: Timestamp) -> Step {
        guard phase == .retrying, lastAnswer == .forbidden else { return Step() }
        return fails(.forbidden, at: now)
    }

    /// The drain ends: an open wait ends unanswered.
    mutating func abandoned() -> Step {
        var step = Step()
        endWait(.abandoned, into: &step)
        return step
    }

    var remaining: DrainSummary.Remaining {
        DrainSummary.Remaining(pod: pod, phase: phase, attempts: attempts, message: message)
    }
}

// MARK: - Moves

extension PodEviction {
    private mutating func terminates(_ reply: EvictionReply, at now: Timestamp) -> Step {
        var step = Step()
        endWait(.allowed, into: &step)
        step.facts.append(move(to: .terminating, at: now, answer: reply.answer, blocker: nil))
        return step
    }

    /// `dryRun`: it would be evicted; nothing will be seen to go.
    private mutating func wouldGo(at now: Timestamp) -> Step {
        finish(.evicted, to: .gone, answer: .accepted, at: now)
    }

    private mutating func leaves(_ answer: EvictionAnswer?, at now: Timestamp) -> Step {
        finish(acceptedAt == nil ? .vanished : .evicted, to: .gone, answer: answer, at: now)
    }

    private mutating func fails(_ answer: EvictionAnswer, at now: Timestamp) -> Step {
        finish(.failed, to: .failed, answer: answer, at: now)
    }

    private mutating func blocked(
        _ reply: EvictionReply, retryAfter: Duration?, at now: Timestamp, policy: DrainPolicy
    ) -> Step {
        backoffStep = 0
        // Whoever is told to wait is allowed to ask.
        forbidden = 0
        firstForbidden = nil
        guard policy.dryRun == .none, let blocker = reply.blocker else { return fails(reply.answer, at: now) }
        var step = Step()
        waitGoesOn(blocker, message: reply.message, isAsked: true, at: now, into: &step)
        // A budget says by itself when it allows.
        due = reply.answer == .deferred ? now + max(policy.webhookRetryInterval, retryAfter ?? .zero) : nil
        step.facts.append(move(to: .blocked, at: now, answer: reply.answer, blocker: blocker))
        return step
    }

    private mutating func waitGoesOn(
        _ blocker: Blocker, message: String, isAsked: Bool, at now: Timestamp, into step: inout Step
    ) {
        if wait?.blocker == blocker, var goesOn = wait {
            goesOn.refusals += 1
            goesOn.lastMessage = message
            wait = goesOn
            return step.facts.append(.waitGoesOn(goesOn))
        }
        endWait(.allowed, into: &step)
        waits += 1
        let begun = PodWait(
            index: index, pod: pod, number: waits, blocker: blocker, since: now, refusals: isAsked ? 1 : 0,
            firstMessage: message, lastMessage: message)
        wait = begun
        step.facts.append(.waitBegan(begun))
    }

    /// A server that has just started says 403 wrongly for a moment, so one such answer proves nothing: the second one,
    /// at least a second later, has the access reviewed; three over 30 s are proof where no review can be had.
    private mutating func refused(
        _ reply: EvictionReply, retryAfter: Duration?, at now: Timestamp, policy: DrainPolicy, accessDenied: Bool,
        _ random: inout SplitMix64
    ) -> Step {
        forbidden += 1
        let first = firstForbidden ?? now
        firstForbidden = first
        if accessDenied || (forbidden >= 3 && now - first >= .seconds(30)) { return fails(reply.answer, at: now) }
        var step = retries(
            reply, retryAfter: max(.seconds(1), retryAfter ?? .zero), at: now, policy: policy, &random)
        if forbidden >= 2 { step.consequence = .reviewAccess }
        return step
    }

    private mutating func retries(
        _ reply: EvictionReply, retryAfter: Duration?, at now: Timestamp, policy: DrainPolicy,
        _ random: inout SplitMix64
    ) -> Step {
        let delay = policy.backoff.delay(step: backoffStep, using: &random)
        backoffStep += 1
        due = now + max(delay, retryAfter ?? .zero)
        return Step(facts: [move(to: .retrying, at: now, answer: reply.answer, blocker: nil)])
    }

    private mutating func finish(
        _ end: PodResult, to target: PodPhase, answer: EvictionAnswer?, at now: Timestamp
    ) -> Step {
        var step = Step()
        if target == .gone { seenGone = now }
        endWait(target == .failed ? .abandoned : .allowed, into: &step)
        if target == .gone, deletionDeadline != nil {
            deletionDeadline = nil
            step.facts.append(.deletionExpected(pod: index, by: nil, finalizers: []))
        }
        step.facts.append(move(to: target, at: now, answer: answer, blocker: nil))
        let isNews = result == nil && !wasFinished
        result = result ?? end
        if isNews {
            step.facts.append(
                .podFinished(
                    PodEnd(
                        index: index, pod: pod, result: end, attempts: attempts, acceptedAt: acceptedAt,
                        message: message)))
        }
        return step
    }

    private mutating func endWait(_ outcome: WaitOutcome, into step: inout Step) {
        guard let ended = wait else { return }
        wait = nil
        step.facts.append(.waitEnded(ended, outcome))
    }

    private mutating func move(
        to target: PodPhase, at now: Timestamp, answer: EvictionAnswer?, blocker: Blocker?
    ) -> DrainEvent.Fact {
        let move = PodMove(
            index: index, pod: pod, from: phase, to: target, since: since, attempts: attempts, answer: answer,
            blocker: blocker, due: target == .blocked || target == .retrying ? due : nil, message: message)
        if target != .blocked, target != .retrying { due = nil }
        heldUpBefore = heldUp(at: now)
        phase = target
        since = now
        return .podMoved(move)
    }
}
