import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// Who drains what, and how it was told to.
extension Scenario {
    mutating func tellAgents() {
        agents = [plan(for: Self.node, number: 0)]
        guard has(.fleet) else { return }
        var dice = dice(.fleet)
        let fleet = DrainPolicy.Fleet(
            parallel: dice.pick([1, 1, 1, 2]), namespace: Self.fleetNamespace, ttl: .seconds(dice.int(60, 200)))
        agents[0].policy.fleet = fleet
        for (number, name) in ["node-b", "node-c"].prefix(dice.int(0, 2)).enumerated() where model.node(name) != nil {
            var other = plan(for: name, number: number + 1)
            other.policy.fleet = fleet
            other.begins = Self.start + dice.time(0, 30_000)
            agents.append(other)
        }
    }

    private func plan(for node: String, number: Int) -> AgentPlan {
        var dice = Dice(seed &+ 200 &+ UInt64(number))
        var policy = DrainPolicy(node: node)
        policy.startupTimeout = dice.pick([nil, .seconds(30)])
        policy.listInterval = .seconds(5)
        limits(&policy)
        if has(.selection) { select(&policy) }
        if has(.grace) {
            var dice = self.dice(.grace)
            policy.gracePeriodSeconds = dice.pick([nil, 0, 1, 10, 45])
        }
        if has(.record) { policy.recordedAs = "agent-\(node)" }
        if has(.unblock) { policy.unblock = dice.pick([.off, .rolloutRestart, .rolloutRestart]) }
        if has(.preflight) { policy.preflight = dice.pick([.warn, .fail]) }
        if has(.volumes) { policy.waitsForVolumeDetach = dice.chance(0.6) }
        policy.onUncordon = dice.pick([.stop, .recordon])
        if has(.dryRun) {
            var dice = self.dice(.dryRun)
            switch dice.int(0, 3) {
            case 0: policy.dryRun = .client
            case 1, 2: policy.dryRun = .server
            default: policy.surveysOnly = true
            }
        }
        var start = DrainStart(id: "drain-\(number)", trigger: dice.pick(DrainTrigger.allCases))
        if has(.deadlines) { deadline(&policy, &start) }
        return AgentPlan(
            policy: policy, start: start, begins: Self.start + dice.time(0, 2000), seed: dice.word(),
            isToldAgain: dice.chance(0.7))
    }

    private func limits(_ policy: inout DrainPolicy) {
        guard has(.limits) else { return }
        var dice = dice(.limits)
        policy.concurrency = dice.int(1, 6)
        policy.maxTerminating = dice.pick([0, 0, 1, 2, 3])
        policy.maxRetries = dice.int(0, 5)
        policy.followsArrivals = dice.chance(0.3)
        policy.order = dice.pick([.priority, .priority, .none])
        policy.tierPatience = .seconds(dice.pick([5, 60, 60]))
        policy.deletesWithoutEviction = dice.chance(0.1)
        policy.skipTerminatingAfter = dice.pick([nil, nil, .seconds(5), .seconds(60)])
        policy.chunkSize = dice.pick([0, 2, 500])
    }

    private func select(_ policy: inout DrainPolicy) {
        var dice = dice(.selection)
        if dice.chance(0.4) { policy.podSelector = LabelSelector([.notIn(key: "drain", values: ["no"])]) }
        policy.refusals = DrainPolicy.Refusals(
            emptyDir: dice.chance(0.1), unmanaged: dice.chance(0.1), daemonSets: dice.chance(0.05))
        if dice.chance(0.5), let own = residents.isEmpty ? nil : dice.pick(residents) {
            let uid = model.pod(own.namespace, own.name)?.pod.metadata.uid ?? ""
            policy.selfPod = PodIdentity(namespace: own.namespace, name: own.name, uid: dice.chance(0.8) ? uid : "")
            policy.ownPod = dice.pick([.last, .last, .leave])
        }
    }

    private func deadline(_ policy: inout DrainPolicy, _ start: inout DrainStart) {
        var dice = dice(.deadlines)
        start.deadline = Self.start + .seconds(dice.pick([1, 5, 20, 60, 120, 300, 600]) + dice.int(0, 20))
        if dice.chance(0.5) { start.hardEnd = start.deadline.map { $0 + .seconds(dice.int(0, 40)) } }
        policy.atDeadline = dice.pick([.stop, .delete])
    }
}
