import DrainEngine
import KubernetesAPI

/// What a run has come by, counted: whatever is listed here and stays 0 was never tried.
public struct Coverage: Sendable {
    /// Happenings without a vocabulary of their own.
    enum Landmark: Int, CaseIterable {
        case requestLost, answerLost, lateEffect, watchSilent, watchCut, watchRefused, watchUnanswered, eventTwice,
            eventLate, lied
        case paused, resumed, interrupted, toldAgain, forgotten, deadlineMoved, stoodStill
        case alreadyCordoned, cordoned, uncordoned, uncordonFailed, cordonDropped, uncordonedByOthers, recordoned,
            nodeDeleted
        case reappeared, arrived, followed, replaced, tierStarted, heldBack, throttled
        case overrun, overrunNever, polling, pollingEnded, budgetsUnwatched, commonBudgetWatch
        case deletedAtDeadline, notDeletedAtDeadline, restarted, notRestarted, volumesAttached
        case turnWaited, turnHeld, turnLost, surveyed, annotationIgnored, leftCordoned, recordClosed
        case evictedOwnPod, severalBudgets, webhookBlocked, startFailed
    }

    public var seeds = 0
    var ticks = 0
    var requests = 0
    var evictions = 0
    var events = 0
    var landmarks = [Int](repeating: 0, count: Landmark.allCases.count)
    var mischiefs = [Int](repeating: 0, count: Mischief.allCases.count)
    var kinds = [Int](repeating: 0, count: RequestKind.allCases.count)
    /// From one phase to another, by the phases' places.
    var moves = [Int](repeating: 0, count: 49)
    /// Percent of what was allowed, at most.
    var requestShare = 0
    var tickShare = 0
    private var words: [String: Int] = [:]

    mutating func hit(_ landmark: Landmark) { landmarks[landmark.rawValue] += 1 }
    mutating func ended(_ outcome: DrainOutcome) { words["outcome \(outcome.rawValue)", default: 0] += 1 }
    mutating func cancelled(_ stage: String) { words["cancel while \(stage)", default: 0] += 1 }
    mutating func crashed(_ stage: String) { words["crash while \(stage)", default: 0] += 1 }
    mutating func answered(_ answer: EvictionAnswer) { words["answer \(answer.rawValue)", default: 0] += 1 }
    mutating func excluded(_ reason: ExclusionReason) { words["excluded \(reason.rawValue)", default: 0] += 1 }
    mutating func finished(_ result: PodResult) { words["result \(result.rawValue)", default: 0] += 1 }
    mutating func judged(_ verdict: BudgetVerdict) { words["verdict \(verdict.rawValue)", default: 0] += 1 }
    mutating func waited(_ outcome: WaitOutcome) { words["wait \(outcome.rawValue)", default: 0] += 1 }
    mutating func watchEnded(_ reason: WatchRestart) { words["watch ended \(reason.rawValue)", default: 0] += 1 }
    mutating func stuck(_ reason: StuckTermination.Reason) { words["stuck \(reason.rawValue)", default: 0] += 1 }

    mutating func tightest(_ load: Load) {
        requestShare = max(requestShare, load.requests * 100 / load.mostRequests)
        tickShare = max(tickShare, load.ticks * 100 / load.mostTicks)
    }

    mutating func moved(_ from: PodPhase, _ to: PodPhase) { moves[from.place * 7 + to.place] += 1 }

    public init() {}

    public mutating func merge(_ other: Coverage) {
        seeds += other.seeds
        ticks += other.ticks
        requests += other.requests
        evictions += other.evictions
        events += other.events
        requestShare = max(requestShare, other.requestShare)
        tickShare = max(tickShare, other.tickShare)
        func add(_ own: inout [Int], _ others: [Int]) { for index in own.indices { own[index] += others[index] } }
        add(&landmarks, other.landmarks)
        add(&mischiefs, other.mischiefs)
        add(&kinds, other.kinds)
        add(&moves, other.moves)
        words.merge(other.words, uniquingKeysWith: +)
    }

    /// Everything, by name.
    public var counts: [String: Int] {
        var counts = words
        counts["seeds"] = seeds
        counts["ticks"] = ticks
        counts["requests"] = requests
        counts["evictions"] = evictions
        counts["events"] = events
        counts["percent of requests"] = requestShare
        counts["percent of wakes"] = tickShare
        for landmark in Landmark.allCases { counts["path \(landmark)"] = landmarks[landmark.rawValue] }
        for mischief in Mischief.allCases { counts["told \(mischief)"] = mischiefs[mischief.rawValue] }
        for kind in RequestKind.allCases { counts["request \(kind)"] = kinds[kind.rawValue] }
        for (from, targets) in PodPhase.moves {
            for to in targets {
                counts["move \(from.rawValue) > \(to.rawValue)"] = moves[from.place * 7 + to.place]
            }
        }
        for name in Self.expected where counts[name] == nil { counts[name] = 0 }
        return counts
    }

    /// Words that a simulation of any size ought to come by.
    private static let expected: [String] =
        DrainOutcome.allCases.map { "outcome \($0.rawValue)" }
        + EvictionAnswer.allCases.map { "answer \($0.rawValue)" }
        + ExclusionReason.allCases.map { "excluded \($0.rawValue)" }
        + PodResult.allCases.map { "result \($0.rawValue)" }
        + BudgetVerdict.allCases.map { "verdict \($0.rawValue)" }
        + WaitOutcome.allCases.map { "wait \($0.rawValue)" }
        + WatchRestart.allCases.map { "watch ended \($0.rawValue)" }
        + StuckTermination.Reason.allCases.map { "stuck \($0.rawValue)" }
        + Witness.Stage.allCases.flatMap { ["cancel while \($0.rawValue)", "crash while \($0.rawValue)"] }
}

extension PodPhase {
    /// What the comments in `PodPhase` allow.
    static let moves: [(PodPhase, [PodPhase])] = [
        (.queued, [.evicting, .blocked, .terminating, .gone]),
        (.evicting, [.terminating, .blocked, .retrying, .failed, .gone]),
        (.blocked, [.evicting, .terminating, .gone]),
        (.retrying, [.evicting, .failed, .terminating, .gone]),
        (.terminating, [.gone]),
        (.gone, [.queued]),
        (.failed, [.gone]),
    ]

    static let isLegal: [Bool] = {
        var table = [Bool](repeating: false, count: 49)
        for (from, targets) in moves { for to in targets { table[from.place * 7 + to.place] = true } }
        return table
    }()

    var place: Int {
        switch self {
        case .queued: 0
        case .evicting: 1
        case .blocked: 2
        case .retrying: 3
        case .terminating: 4
        case .gone: 5
        case .failed: 6
        }
    }
}
