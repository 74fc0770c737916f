import ClusterModel
import KubernetesAPI
import Timestamps

// Latency, faults, outages, and who says no.
extension Scenario {
    mutating func drawWeather() {
        var dice = Dice(seed &+ 300)
        weather.latency = dice.pick([(1, 5), (1, 20), (5, 80), (20, wildness > 0.3 ? 1500 : 200)])
        weather.watchLag = dice.pick([(1, 10), (1, 50), (5, 300), (50, wildness > 0.3 ? 4000 : 800)])
        if has(.faults) {
            var dice = self.dice(.faults)
            weather.trouble = dice.pick([0.01, 0.05, 0.15, 0.4])
        }
        if has(.answers) {
            var dice = self.dice(.answers)
            weather.answers = dice.pick([0.05, 0.2, 0.5])
        }
        if has(.watches) {
            var dice = self.dice(.watches)
            weather.watchTrouble = dice.pick([0.1, 0.4, 0.8])
            for _ in 0..<dice.int(0, 2) { model.schedule(.compact, at: Self.start + dice.skewed(0, 200_000)) }
        }
        if has(.stale) {
            var dice = self.dice(.stale)
            model.timing.cacheAge = dice.time(50, 3000)
        }
        if has(.outages) { drawOutages() }
        if has(.webhooks) { drawDenials() }
        if has(.access) { denyAccess() }
    }

    private mutating func drawOutages() {
        var dice = dice(.outages)
        for _ in 0..<dice.int(1, 2) {
            let from = Self.start + dice.skewed(0, 150_000)
            let until = min(calm, from + dice.skewed(500, 150_000))
            guard from < until else { continue }
            weather.outages.append(
                Weather.Outage(kind: dice.pick(Weather.Outage.Kind.allCases), from: from, until: until))
        }
        weather.outages.sort { $0.from < $1.from }
    }

    private mutating func drawDenials() {
        var dice = dice(.webhooks)
        for pod in residents where dice.chance(0.35) {
            let from = dice.chance(0.4) ? Self.start : Self.start + dice.skewed(0, 60_000)
            let isForEver = dice.chance(0.1)
            weather.denials.append(
                Weather.Denial(
                    pod: pod.name, answer: dice.pick(Mischief.ofWebhooks), from: from,
                    until: isForEver ? .distantFuture : min(calm, from + dice.skewed(500, 200_000))))
        }
        if dice.chance(0.2) { weather.dropsCordons = Self.start..<min(calm, Self.start + dice.skewed(500, 100_000)) }
    }

    private mutating func denyAccess() {
        var dice = dice(.access)
        var rules = AccessRules()
        let evictions = AccessAttributes("create", .pods, subresource: "eviction", namespace: dice.pick([nil, "shop"]))
        let all = [
            evictions, evictions, AccessAttributes("watch", .pods), AccessAttributes("watch", .nodes),
            AccessAttributes("watch", .budgets), AccessAttributes("list", .budgets),
            AccessAttributes("get", .daemonSets), AccessAttributes("get", .replicaSets),
            AccessAttributes("patch", .deployments), AccessAttributes("list", .volumeAttachments),
            AccessAttributes("patch", .nodes), AccessAttributes("delete", .pods), AccessAttributes("list", .leases),
        ]
        for _ in 0..<dice.int(1, 3) { rules.denied.append(dice.pick(all)) }
        let from = dice.chance(0.6) ? Self.start : Self.start + dice.skewed(0, 60_000)
        model.schedule(.setAccess(rules), at: from)
        if dice.chance(0.5) { model.schedule(.setAccess(AccessRules()), at: max(from, calm - dice.time(0, 10_000))) }
    }
}
