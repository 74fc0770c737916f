import DrainEngine
import KubernetesAPI
import Locking
import Timestamps

/// A drain as lines for people, in kubectl's words where it has them.
final class ProgressLines: DrainObserver {
    struct State {
        var dryRun = DrainPolicy.DryRun.none
        var node = ""
        var started: Timestamp?
        var pods: [PodIdentity] = []
        var verdicts: [Blocker: BudgetVerdict] = [:]
        var stuck: [Int: StuckTermination.Reason] = [:]
        var turn: FleetTurn.Standing?
        var overrun: Projection.Overrun?
        private var said: Set<String> = []

        /// Whether `text` is new. A message may hold what is never twice the same: beyond so many, nothing is.
        mutating func isNew(_ text: String) -> Bool { said.count < 1000 && said.insert(text).inserted }
    }

    private let state = Lock(State())
    private let print: @Sendable (ProgressLine) -> Void

    init(print: @escaping @Sendable (ProgressLine) -> Void) { self.print = print }

    func observe(_ event: DrainEvent) {
        let (lines, started) = state.withLock { (Self.lines(event, &$0), $0.started) }
        let phase = Self.phase(event.fact)
        for line in lines {
            print(ProgressLine(text: line.onOneLine, phase: phase, after: event.at - (started ?? event.at)))
        }
    }

    private static func phase(_ fact: DrainEvent.Fact) -> PodPhase? {
        switch fact {
        case .podMoved(let move): move.to
        case .podAdded(let facts): facts.phase
        case .waitBegan: .blocked
        case .stuck, .deletedAtDeadline: .terminating
        case .began, .resumed, .turn, .stateChanged, .deadlineChanged, .nodeSeen, .cordon, .uncordonedByOthers,
            .nodeDeleted, .surveyed, .planned, .podExcluded, .exclusionEnded, .podFinished, .annotationIgnored,
            .tierStarted, .evictionAnswered, .waitGoesOn, .waitEnded, .judged, .budgetWatchChanged, .unblock,
            .deletionExpected, .overrunProjected, .volumesAttached, .listed, .watchEnded, .pollingChanged,
            .requestFailed, .throttled, .ended:
            nil
        }
    }

    private static func lines(_ event: DrainEvent, _ state: inout State) -> [String] {
        switch event.fact {
        case .began(_, let policy):
            state.dryRun = policy.dryRun
            state.node = policy.node
            state.started = event.at
            return []
        case .cordon(let step): return [line(step, state)]
        case .planned(let pods, let excluded):
            return ["node/\(state.node): \(counted(pods)) to evict, \(excluded) left alone"]
        case .podExcluded(let pod, let reason): return ["pod \(pod) left alone: \(reason.text)"]
        case .podAdded(let facts):
            state.pods.append(facts.pod)
            if state.dryRun == .client { return ["pod \(facts.pod) would be evicted (dry run)"] }
            return facts.phase == .terminating ? ["pod \(facts.pod) is terminating already"] : []
        case .podMoved(let move): return line(move, event.at, &state).map { [$0] } ?? []
        case .waitBegan(let wait):
            let message = wait.firstMessage.isEmpty ? "" : ": \(wait.firstMessage)"
            return ["pod \(wait.pod) is blocked by \(wait.blocker)\(message)"]
        case .pollingChanged(true, let reason): return ["warning: the watch does not work, listing instead: \(reason)"]
        case .requestFailed(let operation, let message, let delay):
            let text = "\(operation.rawValue) failed: \(message)"
            guard state.isNew(text) else { return [] }
            return ["warning: \(text); trying again in \(GoDuration.format(delay))"]
        case .throttled(let delay): return ["warning: the API server asks for a pause of \(GoDuration.format(delay))"]
        case .resumed, .turn, .uncordonedByOthers, .nodeDeleted, .surveyed, .annotationIgnored, .tierStarted, .judged,
            .budgetWatchChanged, .unblock, .stuck, .overrunProjected, .deletedAtDeadline, .volumesAttached:
            return ObstacleLines.lines(event.fact, &state)
        case .stateChanged, .deadlineChanged, .nodeSeen, .exclusionEnded, .podFinished, .evictionAnswered, .waitGoesOn,
            .waitEnded, .deletionExpected, .listed, .watchEnded, .pollingChanged, .ended:
            return []
        }
    }

    private static func line(_ step: CordonStep, _ state: State) -> String {
        switch step {
        case .alreadyCordoned: "node/\(state.node) already cordoned"
        case .cordoned: "node/\(state.node) cordoned\(suffix(state))"
        case .uncordoned: "node/\(state.node) uncordoned"
        case .uncordonFailed(let message): "node/\(state.node) could not be uncordoned: \(message)"
        }
    }

    private static func line(_ move: PodMove, _ now: Timestamp, _ state: inout State) -> String? {
        switch move.to {
        case .evicting: return move.attempts == 1 ? "evicting pod \(move.pod)\(suffix(state))" : nil
        case .retrying:
            let text = "pod \(move.pod): \(move.message)"
            guard state.isNew(text), let due = move.due else { return nil }
            return "\(text); trying again in \(GoDuration.format(due - now))"
        case .terminating: return nil
        case .gone: return state.dryRun == .none ? "pod \(move.pod) is gone" : "pod \(move.pod) would be evicted"
        case .failed: return "pod \(move.pod) cannot be evicted: \(move.message)"
        case .queued: return "pod \(move.pod) is still there"
        case .blocked: return nil
        }
    }

    private static func suffix(_ state: State) -> String {
        state.dryRun == .server ? " (server dry run)" : ""
    }

    static func counted(_ count: Int) -> String { count == 1 ? "1 pod" : "\(count) pods" }
}

extension ExclusionReason {
    /// For people.
    var text: String {
        switch self {
        case .mirror: "static pod"
        case .daemonset: "owned by a DaemonSet"
        case .self: "our own pod"
        case .selector: "not selected"
        case .annotation: "told to be left alone by its annotation"
        case .terminating: "terminating for too long"
        case .arrived: "came after the cordon"
        }
    }
}
