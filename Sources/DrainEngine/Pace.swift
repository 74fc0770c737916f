import KubernetesAPI
import Timestamps

/// How the drain goes, told by its own facts: what a projection is made from.
struct Pace {
    struct PodPace: Equatable {
        var tier: PodTier
        var grace: Duration
        var phase: PodPhase
        /// When it entered its phase.
        var since: Timestamp
        /// Its deletionTimestamp.
        var deletionDeadline: Timestamp?
        /// Who made it wait, while it does.
        var blocker: Blocker?
        var due: Timestamp?
    }

    struct BlockerPace: Equatable {
        var firstRefusal: Timestamp
        /// Pods it has let go since.
        var allowed = 0
        var verdict = BudgetVerdict.waiting
        /// A rollout was restarted for it: what it says for good may end after all.
        var isRelieved = false
    }

    private(set) var pods: [PodPace] = []
    private(set) var blockers: [Blocker: BlockerPace] = [:]
    /// From accepted to gone, sorted.
    private(set) var terminations: [Duration] = []

    /// What nine of ten pods needed at most to go; `nil`: none has gone yet.
    var usualTermination: Duration? {
        terminations.isEmpty ? nil : terminations[terminations.count * 9 / 10]
    }

    mutating func note(_ fact: DrainEvent.Fact, at now: Timestamp) {
        switch fact {
        case .podAdded(let facts):
            pods.append(
                PodPace(
                    tier: facts.tier, grace: .seconds(facts.gracePeriodSeconds), phase: facts.phase, since: now))
        case .podMoved(let move):
            if move.from == .terminating, move.to == .gone { learn(now - move.since) }
            pods[move.index].phase = move.to
            pods[move.index].since = now
            pods[move.index].due = move.due
        case .deletionExpected(let pod, let deadline, _): pods[pod].deletionDeadline = deadline
        case .waitBegan(let wait):
            // Nobody waited for it meanwhile: how long it took the others before says nothing.
            if !pods.contains(where: { $0.blocker == wait.blocker }), var known = blockers[wait.blocker] {
                (known.firstRefusal, known.allowed) = (now, 0)
                blockers[wait.blocker] = known
            }
            pods[wait.index].blocker = wait.blocker
            blockers[wait.blocker, default: BlockerPace(firstRefusal: now)].verdict = .waiting
        case .waitEnded(let wait, let outcome):
            pods[wait.index].blocker = nil
            if outcome == .allowed { blockers[wait.blocker]?.allowed += 1 }
        case .judged(let judgement):
            blockers[judgement.blocker, default: BlockerPace(firstRefusal: now)].verdict = judgement.verdict
        case .unblock(let step) where step.result == .restarted:
            blockers[.budget(namespace: step.budget.namespace, name: step.budget.name)]?.isRelieved = true
        default: break
        }
    }

    private mutating func learn(_ duration: Duration) {
        let place = terminations.firstIndex { $0 > duration } ?? terminations.endIndex
        terminations.insert(duration, at: place)
    }
}
