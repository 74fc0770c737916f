import DrainEngine
import KubernetesAPI

/// A plan for people: what stands in the way first.
struct PlanTable {
    let forecast: Forecast
    /// With each pod's tier and what the server answered.
    var isWide = false

    var lines: [String] {
        var sections: [[String]] = []
        if !refusals.isEmpty { sections.append(refusals) }
        if !forecast.pods.isEmpty { sections.append(pods) }
        if !forecast.budgets.isEmpty { sections.append(budgets) }
        if !forecast.notes.isEmpty { sections.append(forecast.notes.map { "note: \($0.onOneLine)" }) }
        return Array(sections.joined(separator: [""])) + (sections.isEmpty ? [] : [""]) + [summary]
    }

    private var refusals: [String] {
        DrainPlan.Refusal.Cause.allCases.compactMap { cause in
            let names = forecast.pods.filter { $0.refusals.contains(cause) }.map { "\($0.pod)" }
            return names.isEmpty
                ? nil : "the drain would touch nothing, for \(cause.text): \(names.joined(separator: ", "))"
        }
    }

    private var pods: [String] {
        var rows = [["NAMESPACE", "POD", "OUTLOOK"] + (isWide ? ["TIER", "ANSWER"] : []) + ["REASON"]]
        for entry in forecast.sortedPods {
            let wide = [entry.outlook.word == .left ? "" : entry.tier.name, entry.answer?.rawValue ?? ""]
            rows.append(
                [entry.pod.namespace, entry.pod.name, entry.outlook.word.rawValue] + (isWide ? wide : [])
                    + [reason(entry).onOneLine])
        }
        return SummaryTable.aligned(rows)
    }

    private func reason(_ entry: Forecast.PodEntry) -> String {
        switch entry.outlook {
        case .now, .leaving: return ""
        case .blocked(let blocker, let round):
            guard let round else { return "\(blocker)" + (entry.message.isEmpty ? "" : ": \(entry.message)") }
            return "\(blocker), round \(round)"
        case .never(let reason):
            // The advice stands once, beside its budget.
            guard let budget = forecast.budgets.first(where: { $0.verdict.isForGood && $0.advice == reason }) else {
                return reason
            }
            return "budget \(budget.budget): \(budget.verdict.rawValue)"
        case .unknown(let reason): return reason
        case .left(let reason): return reason.text
        }
    }

    private var budgets: [String] {
        let rows = forecast.budgets.sorted { !$0.verdict.isForGood ? false : !$1.verdict.isForGood }.map { entry in
            [
                "\(entry.budget)", entry.rounds == 1 ? "allows" : entry.verdict.rawValue, String(entry.allowed),
                String(entry.pods),
                entry.rounds.map(String.init) ?? (entry.verdict.isForGood ? "never" : "?"), entry.advice.onOneLine,
            ]
        }
        return SummaryTable.aligned([["BUDGET", "VERDICT", "ALLOWED", "PODS", "ROUNDS", "ADVICE"]] + rows)
    }

    private var summary: String {
        let words: [(Forecast.Word, String)] = [
            (.never, "can never go"), (.unknown, "cannot be told"), (.blocked, "must wait"), (.now, "would go now"),
            (.leaving, "leaving already"), (.left, "would stay"),
        ]
        let parts = words.compactMap { word, text in
            let count = forecast.count(word)
            return count == 0 ? nil : "\(count) \(text)"
        }
        let isOnlyRefused = forecast.count(.never) == 0 && forecast.count(.unknown) == 0
        let verdict =
            forecast.canComplete
            ? "can be drained"
            : isOnlyRefused ? "can be drained, but not with these flags" : "cannot be drained as things stand"
        let cordon = forecast.isUnschedulable ? ", cordoned," : ""
        return "node/\(forecast.node)\(cordon) \(verdict): \(parts.isEmpty ? "no pods" : parts.joined(separator: ", "))"
    }
}
