import DrainEngine
import KubernetesAPI
import Timestamps

/// What is known of one pod of a drain by its events and requests alone.
struct PodBook {
    enum OwnGrace { case known(Int64?), unknown }

    let pod: PodIdentity
    let tier: PodTier
    let isOwn: Bool
    let added: Timestamp
    /// What its annotation asks for, as far as it could be looked up.
    let ownGrace: OwnGrace
    var phase: PodPhase
    var since: Timestamp
    /// Nanoseconds in each phase that it has left.
    var spent = [Int64](repeating: 0, count: 7)
    var attempts = 0
    var isInFlight = false
    /// An answer said that it goes.
    var isAccepted = false
    var result: PodResult?
    /// It was told of as finished; once, even if it reappears.
    var isFinished = false
    var hasReappeared = false
    var hasFailed = false
    var wait: Blocker?
    var due: Timestamp?
    /// By what the last answer said, not before then.
    var notBefore: Timestamp?
    var deletionDeadline: Timestamp?
    /// Nanoseconds blocked, retried or overdue before the present phase.
    var heldUpBefore: Int64 = 0
    var rejections = 0
    /// Refusals for want of a right, and the first since somebody else answered.
    var forbidden = 0
    var firstForbidden: Timestamp?
    var budgetRefusals = 0
    /// Answers of the kind that nobody but the weather gives.
    var misfortunes = 0

    init(_ facts: PodFacts, isOwn: Bool, ownGrace: OwnGrace, at now: Timestamp) {
        self.ownGrace = ownGrace
        pod = facts.pod
        tier = facts.tier
        self.isOwn = isOwn
        added = now
        phase = facts.phase
        since = now
    }

    /// What became of it in the end.
    var lastResult: PodResult? {
        guard hasReappeared else { return result }
        switch phase {
        case .gone: return hasFailed ? .failed : isAccepted ? .evicted : .vanished
        case .failed: return .failed
        case .queued, .evicting, .blocked, .retrying, .terminating: return nil
        }
    }

    var isWaiting: Bool { phase == .queued || phase == .blocked || phase == .retrying }

    func heldUp(at now: Timestamp) -> Int64 {
        switch phase {
        case .blocked, .retrying: heldUpBefore + (now.nanoseconds - since.nanoseconds)
        case .terminating:
            heldUpBefore
                + max(0, deletionDeadline.map { now.nanoseconds - $0.nanoseconds } ?? (now - since).nanoseconds)
        case .queued, .evicting, .gone, .failed: heldUpBefore
        }
    }

    func spent(in asked: PodPhase, at now: Timestamp) -> Int64 {
        spent[asked.place] + (phase == asked ? now.nanoseconds - since.nanoseconds : 0)
    }

    mutating func moved(to target: PodPhase, at now: Timestamp) {
        spent[phase.place] += now.nanoseconds - since.nanoseconds
        heldUpBefore = heldUp(at: now)
        phase = target
        since = now
        if target == .failed { hasFailed = true }
        if target == .queued { hasFailed = false }
    }
}
