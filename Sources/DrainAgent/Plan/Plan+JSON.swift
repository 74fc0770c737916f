import DrainEngine
import KubernetesAPI
import Telemetry
import Timestamps

extension Plan {
    /// The body of GET /plan, and of `drain-agent plan -o json`.
    var json: JSONValue {
        .object([
            ("node", .string(forecast.node)), ("taken", .string(taken.rfc3339(.microseconds))),
            ("unschedulable", .bool(forecast.isUnschedulable)), ("can_complete", .bool(forecast.canComplete)),
            ("counts", .object(Forecast.Word.allCases.map { ($0.rawValue, .int(Int64(forecast.count($0)))) })),
            ("budgets", .array(forecast.budgets.map(\.json))),
            ("pods", .array(forecast.sortedPods.map(\.json))),
            ("notes", .array(forecast.notes.map { .string($0) })),
        ])
    }
}

extension Forecast.BudgetEntry {
    fileprivate var json: JSONValue {
        .object([
            ("namespace", .string(budget.namespace)), ("name", .string(budget.name)),
            ("verdict", .string(verdict.rawValue)), ("allowed", .int(Int64(allowed))), ("pods", .int(Int64(pods))),
            ("rounds", rounds.map { .int(Int64($0)) } ?? .null), ("advice", .string(advice)),
        ])
    }
}

extension Forecast.PodEntry {
    fileprivate var json: JSONValue {
        var fields: [(String, JSONValue)] = [
            ("namespace", .string(pod.namespace)), ("name", .string(pod.name)), ("uid", .string(pod.uid)),
            ("outlook", .string(outlook.word.rawValue)),
        ]
        switch outlook {
        case .now, .leaving: break
        case .blocked(let blocker, let round):
            fields.append(("blocked_by", .string("\(blocker)")))
            fields.append(("round", round.map { .int(Int64($0)) } ?? .null))
        case .never(let reason), .unknown(let reason): fields.append(("reason", .string(reason)))
        case .left(let reason): fields.append(("reason", .string(reason.rawValue)))
        }
        if outlook.word != .left { fields.append(("tier", .string(tier.name))) }
        if let answer { fields.append(("answer", .string(answer.rawValue))) }
        if !message.isEmpty { fields.append(("message", .string(message))) }
        if !refusals.isEmpty { fields.append(("refusals", .array(refusals.map { .string($0.rawValue) }))) }
        return .object(fields)
    }
}
