import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Timestamps

/// What holds a drain up and what is done about it, as lines for people: changes only.
enum ObstacleLines {
    static func lines(_ fact: DrainEvent.Fact, _ state: inout ProgressLines.State) -> [String] {
        switch fact {
        case .resumed(let record):
            return ["node/\(state.node): going on with \(record.id), begun at \(record.started.rfc3339())"]
        case .turn(let standing): return lines(standing, &state)
        case .uncordonedByOthers(let recordons):
            let consequence = recordons ? "it is cordoned again" : "nothing more is evicted"
            return ["warning: somebody made node/\(state.node) schedulable: \(consequence)"]
        case .nodeDeleted: return ["warning: node/\(state.node) is gone from the cluster, waiting for its pods"]
        case .surveyed(let forecast): return lines(forecast, state)
        case .annotationIgnored(let pod, let annotation, let problem):
            return ["warning: pod \(pod): annotation \(annotation) is ignored: \(problem)"]
        case .tierStarted(let tier): return ["now the pods of \(tier.name)"]
        case .judged(let judgement): return lines(judgement, &state)
        case .budgetWatchChanged(let namespace, false, let reason):
            let scope = namespace.map { "of namespace \($0) " } ?? ""
            return ["warning: the budgets \(scope)cannot be watched, asking instead: \(reason)"]
        case .unblock(let step): return [line(step)]
        case .stuck(let index, let termination):
            guard termination?.reason != state.stuck[index] else { return [] }
            state.stuck[index] = termination?.reason
            return termination.map { ["pod \(state.pods[index]) \($0.text)"] } ?? []
        case .overrunProjected(let overrun): return lines(overrun, &state)
        case .deletedAtDeadline(let deletion):
            guard deletion.problem.isEmpty else {
                return ["pod \(deletion.pod) could not be deleted at the deadline: \(deletion.problem)"]
            }
            return [
                "pod \(deletion.pod) is deleted at the deadline, past its budget, with \(deletion.gracePeriodSeconds) s of grace"
            ]
        case .volumesAttached(let names):
            guard !names.isEmpty else { return ["all volumes are detached"] }
            let word = names.count == 1 ? "volume is" : "volumes are"
            return ["\(names.count) \(word) still attached: \(names.prefix(5).joined(separator: ", "))"]
        case .began, .stateChanged, .deadlineChanged, .nodeSeen, .cordon, .planned, .podAdded, .podExcluded,
            .exclusionEnded, .podMoved, .podFinished, .evictionAnswered, .waitBegan, .waitGoesOn, .waitEnded,
            .budgetWatchChanged, .deletionExpected, .listed, .watchEnded, .pollingChanged, .requestFailed, .throttled,
            .ended:
            return []
        }
    }

    private static func lines(_ standing: FleetTurn.Standing, _ state: inout ProgressLines.State) -> [String] {
        guard standing != state.turn else { return [] }
        defer { state.turn = standing }
        switch standing {
        case .waiting(_, let holders):
            let others = holders.isEmpty ? "" : ", behind \(holders.joined(separator: ", "))"
            return ["node/\(state.node) waits for its turn, place \(standing.place ?? 1)\(others)"]
        // Who did not wait need not hear that the waiting is over.
        case .held: return state.turn == nil ? [] : ["node/\(state.node) has its turn"]
        case .lost(let reason):
            return [
                "warning: node/\(state.node) has lost its turn, nothing more is evicted until it is back: \(reason)"
            ]
        }
    }

    private static func lines(_ forecast: Forecast, _ state: ProgressLines.State) -> [String] {
        let never = forecast.pods.compactMap { entry -> String? in
            guard case .never(let reason) = entry.outlook else { return nil }
            return "warning: pod \(entry.pod) can never go: \(reason)"
        }
        let more = never.count > 20 ? ["warning: \(never.count - 20) more can never go"] : []
        return never.prefix(20) + more
    }

    private static func lines(_ judgement: Judgement, _ state: inout ProgressLines.State) -> [String] {
        let before = state.verdicts.updateValue(judgement.verdict, forKey: judgement.blocker) ?? .waiting
        guard judgement.verdict != before else { return [] }
        let advice = judgement.advice.isEmpty ? "" : ": \(judgement.advice)"
        return switch judgement.verdict {
        case .waiting: ["\(judgement.blocker) can allow again"]
        case .unsatisfiable: ["warning: \(judgement.blocker) can never allow\(advice)"]
        case .misconfigured: ["warning: \(judgement.blocker) makes no sense to the API server\(advice)"]
        case .unhealthy: ["warning: \(judgement.blocker) waits for pods to become healthy\(advice)"]
        }
    }

    private static func line(_ step: UnblockStep) -> String {
        switch step.result {
        case .restarted: "\(step.owner) is restarted, for budget \(step.budget) can never allow"
        case .refused(let reason): "warning: \(step.owner) is not restarted: \(reason)"
        case .failed(let message): "warning: \(step.owner) could not be restarted: \(message)"
        }
    }

    private static func lines(_ overrun: Projection.Overrun?, _ state: inout ProgressLines.State) -> [String] {
        let before = state.overrun
        state.overrun = overrun
        switch (before, overrun) {
        case (nil, nil), (.by, .by), (.never, .never): return []
        case (_, .by): return ["warning: as things go it ends \(overrun?.text ?? "") after the deadline"]
        case (_, .never): return ["warning: as things stand it is never done by the deadline"]
        case (_, nil): return ["the deadline will be met again"]
        }
    }
}
