import DrainEngine
import KubernetesAPI
import TestSupport
import Timestamps

/// Keeps the books of a drain from outside, and notes what must never happen.
struct Ledger {
    private(set) var complaints: [String] = []

    private let policy: DrainPolicy
    private var phases: [PodPhase] = []
    private var identities: [PodIdentity] = []
    private var excluded: Set<String> = []
    private var accepted: Set<String> = []
    private var finished: [Int: PodResult] = [:]
    private var openWaits: Set<Int> = []
    private var summary: DrainSummary?

    /// What the comments in `PodPhase` allow; a pod comes back from `gone` only where a server lies.
    static let legal: [PodPhase: Set<PodPhase>] = [
        .queued: [.evicting, .terminating, .gone],
        .evicting: [.terminating, .blocked, .retrying, .failed, .gone],
        .blocked: [.evicting, .terminating, .gone],
        .retrying: [.evicting, .failed, .terminating, .gone],
        .terminating: [.gone],
        .gone: [],
        .failed: [.gone],
    ]

    init(policy: DrainPolicy) { self.policy = policy }

    mutating func take(_ step: DrainStep, of drain: ScriptedDrain) {
        for event in step.events { take(event.fact) }
        for request in step.requests { take(request) }
        let inFlight = drain.awaited.count { if case .evict = $0 { true } else { false } }
        if inFlight > policy.concurrency { complaints.append("\(inFlight) evictions in flight") }
        let going = phases.count { $0 == .terminating || $0 == .evicting }
        let isAsking = step.requests.contains { if case .evict = $0.purpose { true } else { false } }
        if policy.maxTerminating > 0, policy.dryRun == .none, isAsking, going > policy.maxTerminating {
            complaints.append("\(going) pods going at once")
        }
    }

    private mutating func take(_ request: DrainRequest) {
        if summary != nil { complaints.append("\(request.purpose) after the end") }
        guard case .evict(let index, _) = request.purpose else { return }
        let pod = identities[index]
        if accepted.contains(pod.uid) { complaints.append("\(pod) evicted again") }
        if excluded.contains(pod.uid) { complaints.append("\(pod) evicted though excluded") }
        if phases[index] != .evicting { complaints.append("\(pod) asked for while \(phases[index])") }
        let others = phases.indices.filter { $0 != index && phases[$0] != .gone && phases[$0] != .failed }
        if pod.uid == policy.selfPod?.uid, !others.isEmpty, policy.dryRun == .none {
            complaints.append("own pod not last")
        }
        if policy.dryRun == .client { complaints.append("a dry run asked for \(pod)") }
    }

    private mutating func take(_ fact: DrainEvent.Fact) {
        if summary != nil { complaints.append("after the end: \(fact)") }
        switch fact {
        case .podAdded(let facts):
            if facts.index != phases.count { complaints.append("index \(facts.index) is not dense") }
            phases.append(facts.phase)
            identities.append(facts.pod)
        case .podExcluded(let pod, _): excluded.insert(pod.uid)
        case .exclusionEnded(let pod, _):
            if excluded.remove(pod.uid) == nil { complaints.append("\(pod) was not excluded") }
        case .podMoved(let move): take(move)
        case .podFinished(let end):
            if finished.updateValue(end.result, forKey: end.index) != nil {
                complaints.append("\(end.pod) finished twice")
            }
        case .evictionAnswered(let attempt): if attempt.reply.answer == .accepted { accepted.insert(attempt.pod.uid) }
        case .waitBegan(let wait):
            if !openWaits.insert(wait.index).inserted { complaints.append("\(wait.pod) waits twice") }
        case .waitEnded(let wait, _):
            if openWaits.remove(wait.index) == nil { complaints.append("\(wait.pod) did not wait") }
        case .ended(let summary): self.summary = summary
        default: break
        }
    }

    private mutating func take(_ move: PodMove) {
        if phases[move.index] != move.from {
            complaints.append("\(move.pod) was \(phases[move.index]), not \(move.from)")
        }
        if Self.legal[move.from]?.contains(move.to) != true {
            complaints.append("\(move.pod) went from \(move.from) to \(move.to)")
        }
        phases[move.index] = move.to
    }

    /// What must be true once it has ended.
    mutating func close(_ drain: ScriptedDrain) {
        guard let summary else { return complaints.append("no summary") }
        func count(_ result: PodResult) -> Int { finished.values.count { $0 == result } }
        let counted = [summary.evicted, summary.vanished, summary.failed]
        if counted != [count(.evicted), count(.vanished), count(.failed)] { complaints.append("results: \(summary)") }
        if summary.total != phases.count { complaints.append("total \(summary.total) of \(phases.count)") }
        let left = phases.count { $0 != .gone }
        if policy.dryRun != .client, summary.remaining.count != left { complaints.append("remaining: \(summary)") }
        if !openWaits.isEmpty { complaints.append("waits are open") }
        if phases.count - left + phases.count(where: { $0 == .failed }) != finished.count {
            complaints.append("finished \(finished.count): \(phases)")
        }
        if policy.dryRun != .none, drain.sent.contains(where: { $0.request.call.changesSomething }) {
            complaints.append("a dry run changed something")
        }
        if summary.outcome == .completed { checkComplete(drain) }
    }

    /// Completed means: of all that was there when the last list was asked for, nothing is left that should have gone.
    private mutating func checkComplete(_ drain: ScriptedDrain) {
        guard policy.dryRun == .none, let verified = drain.times(where: { $0.purpose == .verify }).last else { return }
        let later = Set(
            drain.cluster.changes.filter { $0.at > ScriptedDrain.epoch + verified }.compactMap { change -> String? in
                if case .added(let pod) = change.event { pod.metadata.uid } else { nil }
            })
        for pod in drain.cluster.list.items {
            let uid = pod.metadata.uid
            guard uid != policy.selfPod?.uid, !excluded.contains(uid), !later.contains(uid) else { continue }
            complaints.append("\(pod.identity) is still there")
        }
    }
}

extension APICall {
    fileprivate var changesSomething: Bool {
        switch self {
        case .evict(_, let options), .deletePod(_, let options): !options.dryRun
        case .patchNode(_, _, let dryRun): !dryRun
        default: false
        }
    }
}
