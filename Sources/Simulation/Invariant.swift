/// What must hold whatever happens. The raw value is the name in reports.
public enum Invariant: String, Sendable, CaseIterable {
    // What is asked of the cluster.
    case evictsExcluded = "evicts-excluded"
    case evictsAnotherUID = "evicts-another-uid"
    case evictsOffNode = "evicts-off-node"
    case evictsAfterAcceptance = "evicts-after-acceptance"
    case evictsBeforeCordon = "evicts-before-cordon"
    case evictsAfterEnd = "evicts-after-end"
    case slots
    case maxTerminating = "max-terminating"
    case budgetOverdrawn = "budget-overdrawn"
    case budgetBypassed = "budget-bypassed"
    case allowanceUnused = "allowance-unused"
    case allowanceExceeded = "allowance-exceeded"
    case gracePeriod = "grace-period"
    case tierOrder = "tier-order"
    case ownPodLast = "own-pod-last"
    case pauseIgnored = "pause-ignored"
    case dueIgnored = "due-ignored"
    case turn
    case turnsExceeded = "turns-exceeded"
    case dryRunTouches = "dry-run-touches"
    case cordonPolicy = "cordon-policy"
    case unblockOnce = "unblock-once"
    case verifyRate = "verify-rate"
    case listVersion = "list-version"
    case purposeTwice = "purpose-twice"
    case watchGeneration = "watch-generation"
    // What is told.
    case onePhase = "one-phase"
    case legalMove = "legal-move"
    case goneTrue = "gone-true"
    case terminatingTrue = "terminating-true"
    case exclusionTrue = "exclusion-true"
    case answerRead = "answer-read"
    case givesUpRightly = "gives-up-rightly"
    case waitsPaired = "waits-paired"
    case verdictTrue = "verdict-true"
    case phaseSeconds = "phase-seconds"
    case counters
    case status
    case spans
    case totals
    case afterTheEnd = "after-the-end"
    // How it ends.
    case outcomeTrue = "outcome-true"
    case recordLeft = "record-left"
    case turnLeft = "turn-left"
    case deadlineOvershot = "deadline-overshot"
    case standsStill = "stands-still"
    case cancelIgnored = "cancel-ignored"
    // How it lives.
    case deadlock
    case livelock
    case wakeStorm = "wake-storm"
    case requestStorm = "request-storm"
    // Said by whoever started the simulation: the process died, or never came back.
    case crash, hang
}

public struct Violation: Sendable, Equatable, Error {
    public var invariant: Invariant
    public var text: String

    public init(_ invariant: Invariant, _ text: String) {
        self.invariant = invariant
        self.text = text
    }
}
