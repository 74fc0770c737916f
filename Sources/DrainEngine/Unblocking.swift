import KubernetesAPI
import SeededRandom
import Timestamps

/// What is done about budgets that can never allow: the rollout of a Deployment that can surge is restarted, so that
/// another pod is ready before the blocked one goes.
struct Unblocking {
    static let annotation = "drain-agent.dev/unblock"

    enum Decision: Equatable {
        /// Nobody asked for it.
        case unasked
        case restart
        /// Why it is not ours to restart, or would not help.
        case refuse(String)
    }

    private enum Entry {
        case refused(String)
        case restarting(BudgetKey, Errand)
        case closed
    }

    /// A verdict, an owner or a blocked pod is new: somebody may have to be unblocked.
    var mayHaveNews = false
    private var entries: [Workload.Key: Entry] = [:]

    /// Whether to restart the owner's rollout. The owner's annotation goes before the flag.
    static func decision(_ key: Workload.Key, _ owner: Workload?, _ flag: DrainPolicy.Unblock) -> Decision {
        let said = owner?.metadata.annotations[annotation].flatMap(DrainPolicy.Unblock.init(rawValue:))
        guard said ?? flag == .rolloutRestart else { return .unasked }
        guard let owner else { return .refuse("it could not be read") }
        guard key.kind == .deployment else { return .refuse(objection(to: key.kind, owner)) }
        if owner.spec.paused == true { return .refuse("its rollout is paused") }
        guard owner.replicas > 0 else { return .refuse("it wants no replicas") }
        let type = owner.spec.strategy?.type ?? "RollingUpdate"
        guard type == "RollingUpdate" else {
            return .refuse("its strategy is \(type): old pods stop before new ones are ready")
        }
        let rolling = owner.spec.strategy?.rollingUpdate
        let surge = rolling?.maxSurge ?? .percent(25)
        guard surge.resolved(of: owner.replicas, .up) >= 1 else {
            return .refuse("its maxSurge \(surge) adds no pod: set it to 1 or more")
        }
        let missing = rolling?.maxUnavailable ?? .percent(25)
        guard missing.resolved(of: owner.replicas, .down) == 0 else {
            return .refuse(
                "its maxUnavailable \(missing) of \(owner.replicas) replicas stops pods before new ones are ready: set it to 0"
            )
        }
        return .restart
    }

    private static func objection(to kind: Workload.Kind, _ owner: Workload) -> String {
        switch kind {
        case .statefulSet: "a StatefulSet's rollout deletes the old pod before the new one is ready"
        case .replicaSet:
            owner.metadata.controller?.kind == "Deployment"
                ? "its Deployment could not be read" : "a ReplicaSet without a Deployment has no rollout"
        case .replicationController: "a ReplicationController has no rollout"
        case .deployment: ""
        }
    }

    /// A budget can never allow pods of these owners. Each is restarted once, and a refusal told when it is another.
    mutating func despaired(
        of budget: BudgetKey, owners: [Workload.Key: Workload?], _ flag: DrainPolicy.Unblock, at now: Timestamp
    ) -> [DrainEvent.Fact] {
        var facts: [DrainEvent.Fact] = []
        for (key, owner) in owners.sorted(by: { $0.key.description < $1.key.description }) {
            switch entries[key] {
            case .restarting, .closed: continue
            case .refused, nil: break
            }
            switch Self.decision(key, owner, flag) {
            case .unasked: continue
            case .restart: entries[key] = .restarting(budget, Errand(.restartRollout(key, at: now), at: now))
            case .refuse(let reason):
                if case .refused(reason) = entries[key] { continue }
                entries[key] = .refused(reason)
                facts.append(.unblock(UnblockStep(owner: key, budget: budget, result: .refused(reason: reason))))
            }
        }
        return facts
    }

    var nextWake: Timestamp? {
        entries.values.compactMap { if case .restarting(_, let errand) = $0 { errand.nextWake } else { nil } }.min()
    }

    mutating func sendDue(at now: Timestamp) -> [DrainRequest] {
        var requests: [DrainRequest] = []
        for key in entries.keys.sorted(by: { $0.description < $1.description }) {
            guard case .restarting(let budget, var errand)? = entries[key], errand.sends(at: now) else { continue }
            entries[key] = .restarting(budget, errand)
            requests.append(DrainRequest(purpose: .unblock(key), call: errand.call))
        }
        return requests
    }

    mutating func answered(
        _ key: Workload.Key, _ exchange: Exchange, at now: Timestamp, policy: DrainPolicy, random: inout SplitMix64
    ) -> [DrainEvent.Fact] {
        guard case .restarting(let budget, var errand)? = entries[key] else { return [] }
        func close(_ result: UnblockStep.Result) -> [DrainEvent.Fact] {
            [.unblock(UnblockStep(owner: key, budget: budget, result: result))]
        }
        switch errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .done:
            entries[key] = .closed
            return close(.restarted)
        case .again(let delay, let message):
            entries[key] = .restarting(budget, errand)
            return [.requestFailed(.write, message: message, retryIn: delay)]
        case .refused(let status):
            entries[key] = .closed
            let missing = status.code == 403 ? "patch deployments.apps is not allowed: " : ""
            return close(.failed(message: missing + status.message))
        case .hopeless(let failure):
            entries[key] = .closed
            return close(.failed(message: failure.message))
        }
    }
}
