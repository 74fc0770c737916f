import DrainEngine
import KubernetesAPI

/// What kubectl drain says on its standard output, for scripts that read that: `pod/web-1 evicted`, `node/worker-3 drained`.
final class NameLines: DrainObserver {
    private let node: String
    private let suffix: String
    private let dryRun: DrainPolicy.DryRun
    private let print: @Sendable (String) -> Void

    init(_ policy: DrainPolicy, print: @escaping @Sendable (String) -> Void) {
        node = policy.node
        dryRun = policy.dryRun
        suffix =
            switch policy.dryRun {
            case .none: ""
            case .client: " (dry run)"
            case .server: " (server dry run)"
            }
        self.print = print
    }

    func observe(_ event: DrainEvent) {
        switch event.fact {
        case .cordon(.alreadyCordoned): print("node/\(node) already cordoned")
        case .cordon(.cordoned): print("node/\(node) cordoned\(suffix)")
        case .podAdded(let facts):
            if dryRun == .client { print("pod/\(facts.pod.name) evicted\(suffix)") }
        case .podFinished(let end):
            if end.result != .failed { print("pod/\(end.pod.name) evicted\(suffix)") }
        case .ended(let summary):
            if summary.outcome == .completed { print("node/\(node) drained\(suffix)") }
        case .cordon(.uncordoned), .cordon(.uncordonFailed), .began, .resumed, .turn, .stateChanged, .deadlineChanged,
            .nodeSeen, .uncordonedByOthers, .nodeDeleted, .surveyed, .planned, .podExcluded, .exclusionEnded, .podMoved,
            .annotationIgnored, .tierStarted, .evictionAnswered, .waitBegan, .waitGoesOn, .waitEnded, .judged,
            .budgetWatchChanged, .unblock, .deletionExpected, .stuck, .overrunProjected, .deletedAtDeadline,
            .volumesAttached, .listed, .watchEnded, .pollingChanged, .requestFailed, .throttled:
            break
        }
    }
}
