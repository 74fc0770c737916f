import KubernetesAPI
import Timestamps

// From the answers to the forecast. The dry runs were each answered as if the pod were the only one: what the budgets
// allow is shared out here, in the order of the drain.
extension Survey {
    func forecast(_ policy: DrainPolicy, at now: Timestamp) -> Forecast {
        let draft = outlooks(spent: [:], at: now).accounts
        let spent = Dictionary(uniqueKeysWithValues: draft.map { ($0.key, $0.unmanagedNow) })
        let (outlooks, accounts) = outlooks(spent: spent, at: now)
        var pods = zip(probes, outlooks).map { probe, outlook in entry(probe.pod, outlook, probe.reply) }
        // What stays has no place in the order, and its tier is of no interest.
        pods += plan.exclusions.map { exclusion in
            Forecast.PodEntry(
                pod: exclusion.pod, tier: .ordinary, outlook: .left(exclusion.reason), answer: nil, message: "",
                refusals: refusals(exclusion.pod))
        }
        return Forecast(
            node: policy.node, isUnschedulable: isUnschedulable, pods: pods, budgets: accounts.map(\.entry),
            notes: notes)
    }

    /// Each pod's outlook, in the order of the probes, and what the budgets came to. `spent`: pods that nobody replaces,
    /// and that a budget lets go now.
    func outlooks(
        spent: [BudgetKey: Int], at now: Timestamp
    ) -> (pods: [Forecast.PodOutlook], accounts: [BudgetAccount]) {
        var accounts: [BudgetKey: BudgetAccount] = [:]
        for budget in budgets {
            let key = BudgetKey(budget)
            accounts[key] = BudgetAccount(
                budget, review: reviews[key], unmanagedGone: spent[key] ?? 0, at: now)
        }
        let pods = probes.map { outlook(of: $0, &accounts) }
        return (pods, accounts.values.filter { $0.pods > 0 }.sorted { $0.key.description < $1.key.description })
    }

    private func outlook(of probe: PodProbe, _ accounts: inout [BudgetKey: BudgetAccount]) -> Forecast.PodOutlook {
        let pod = probe.pod
        if pod.isTerminating { return .leaving }
        let guards = guards(of: pod, accounts)
        for key in guards { accounts[key]?.pods += 1 }
        guard let reply = probe.reply else { return .unknown(reason: "there was no time to ask") }
        switch reply.answer {
        case .accepted: return accepted(pod, guards, &accounts)
        case .budget: return refused(reply, guards, &accounts)
        case .severalBudgets:
            return .never(
                reason: BudgetAdvice.several(guards.map(\.name), namespace: pod.metadata.namespace))
        case .deferred: return reply.blocker.map { .blocked(by: $0, round: nil) } ?? .unknown(reason: reply.message)
        case .gone, .replaced, .namespaceTerminating: return .leaving
        // A webhook that has effects of its own is not asked in a dry run: only the real eviction will tell.
        case .rejected where reply.message.contains("does not support dry run"): return .unknown(reason: reply.message)
        case .forbidden, .rejected: return .never(reason: reply.message)
        case .throttled, .unauthorized, .serverError, .unreachable: return .unknown(reason: reply.message)
        }
    }

    /// Pending and finished pods are not the budgets' business.
    private func guards(of pod: Pod, _ accounts: [BudgetKey: BudgetAccount]) -> [BudgetKey] {
        guard !pod.isFinished, pod.status.phase != "Pending" else { return [] }
        return accounts.values.filter { account in
            account.budget?.selects(namespace: pod.metadata.namespace, labels: pod.metadata.labels) ?? false
        }.map(\.key).sorted { $0.name < $1.name }
    }

    private func accepted(
        _ pod: Pod, _ guards: [BudgetKey], _ accounts: inout [BudgetKey: BudgetAccount]
    ) -> Forecast.PodOutlook {
        guard let key = guards.first, guards.count == 1, var account = accounts[key], !account.letsPass(pod) else {
            return .now
        }
        defer { accounts[key] = account }
        if account.admits(pod) { return .now }
        return blocked(&account)
    }

    private func refused(
        _ reply: EvictionReply, _ guards: [BudgetKey], _ accounts: inout [BudgetKey: BudgetAccount]
    ) -> Forecast.PodOutlook {
        guard case .budget(let namespace, let name)? = reply.blocker else { return .unknown(reason: reply.message) }
        let key = BudgetKey(namespace: namespace, name: name)
        var account = accounts[key] ?? BudgetAccount(key)
        // It is the server that knows whom its budgets guard.
        if !guards.contains(key) { account.pods += 1 }
        defer { accounts[key] = account }
        return blocked(&account)
    }

    private func blocked(_ account: inout BudgetAccount) -> Forecast.PodOutlook {
        let round = account.roundOfNext()
        if account.verdict.isForGood { return .never(reason: account.advice) }
        return .blocked(by: .budget(namespace: account.key.namespace, name: account.key.name), round: round)
    }

    private func entry(_ pod: Pod, _ outlook: Forecast.PodOutlook, _ reply: EvictionReply?) -> Forecast.PodEntry {
        Forecast.PodEntry(
            pod: pod.identity, tier: PodTier(priority: pod.spec.priority), outlook: outlook, answer: reply?.answer,
            message: reply?.message ?? "", refusals: refusals(pod.identity))
    }

    private func refusals(_ pod: PodIdentity) -> [DrainPlan.Refusal.Cause] {
        plan.refusals.filter { $0.pod == pod }.map(\.cause)
    }
}

extension BudgetAccount {
    var entry: Forecast.BudgetEntry {
        Forecast.BudgetEntry(
            budget: key, verdict: waiting > 0 ? verdict : .waiting, advice: waiting > 0 ? advice : "",
            allowed: allowed, pods: pods, rounds: rounds)
    }
}
