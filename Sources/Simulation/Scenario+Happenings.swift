import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// What others do to the cluster, and what happens to the agents.
extension Scenario {
    mutating func drawHappenings() {
        if has(.kubelets) { unreadiness() }
        if has(.finalizers) { mend() }
        if has(.arrivals) { arrive() }
        if has(.meddling) { meddle() }
        if has(.namespaces) { terminateNamespaces() }
        if has(.uncordons) { uncordon() }
        if has(.reboots) { shakeNode() }
        if has(.fleet) { shakeFleet() }
        if has(.cancels) { cancel() }
        if has(.deadlines) { moveDeadline() }
        if has(.pauses) { pause() }
        if has(.crashes) { crash() }
    }

    private func moment(_ dice: inout Dice) -> Timestamp {
        min(calm, Self.start + dice.skewed(0, 250_000))
    }

    /// Some are not ready when it begins, some fail meanwhile, and some never come back.
    private mutating func unreadiness() {
        var dice = Dice(seed, .kubelets)
        for pod in residents where dice.chance(0.15) {
            let from = dice.chance(0.5) ? Self.start : moment(&dice)
            model.schedule(.setReady(namespace: pod.namespace, pod: pod.name, false), at: from)
            guard dice.chance(0.6) else { continue }
            model.schedule(.setReady(namespace: pod.namespace, pod: pod.name, true), at: max(from, moment(&dice)))
        }
    }

    private mutating func mend() {
        var dice = dice(.finalizers)
        for pod in residents where dice.chance(0.75) {
            model.schedule(.removeFinalizers(namespace: pod.namespace, pod: pod.name), at: calm - dice.time(0, 15_000))
        }
    }

    private mutating func arrive() {
        var dice = dice(.arrivals)
        for number in 0..<dice.int(1, 3) {
            let action = ClusterAction.addPod(
                namespace: "shop", name: "late-\(number)", node: Self.node, PodTemplate(labels: ["app": "w0"]))
            if dice.chance(0.4) {
                model.schedule(action, after: dice.time(0, 8000), cordonOf: Self.node)
            } else {
                model.schedule(action, at: dice.chance(0.5) ? Self.start + dice.time(0, 4000) : moment(&dice))
            }
        }
        model.addNamespace("shop")
    }

    private mutating func meddle() {
        var dice = dice(.meddling)
        for _ in 0..<dice.int(1, 4) {
            let at = moment(&dice)
            switch dice.int(0, 9) {
            case 0, 1: if !residents.isEmpty { deleteSomebody(at, &dice) }
            case 2:
                guard !residents.isEmpty else { break }
                let pod = dice.pick(residents)
                let phase = dice.pick(["Succeeded", "Failed"])
                model.schedule(.finish(namespace: pod.namespace, pod: pod.name, phase: phase), at: at)
            case 3, 4, 5: changeBudget(at, &dice)
            case 6, 7:
                guard !workloads.isEmpty else { break }
                let workload = dice.pick(workloads)
                model.schedule(
                    .scale(namespace: workload.namespace, workload: workload.name, replicas: dice.int(0, 5)), at: at)
            case 8:
                guard !workloads.isEmpty else { break }
                let workload = dice.pick(workloads)
                model.schedule(.deleteWorkload(namespace: workload.namespace, name: workload.name), at: at)
            default:
                guard !workloads.isEmpty else { break }
                let workload = dice.pick(workloads)
                let patch = WorkloadPatch(restartedAt: "by-hand")
                model.schedule(
                    .patchWorkload(namespace: workload.namespace, workload: workload.name, patch), at: at)
            }
        }
    }

    private mutating func deleteSomebody(_ at: Timestamp, _ dice: inout Dice) {
        let pod = dice.pick(residents)
        let grace: Int64? = dice.pick([nil, 0, 1, 30])
        let deletion = PodDeletion(namespace: pod.namespace, name: pod.name, gracePeriodSeconds: grace)
        model.schedule(.deletePod(deletion), at: dice.chance(0.3) ? Self.start : at)
    }

    private mutating func changeBudget(_ at: Timestamp, _ dice: inout Dice) {
        guard !budgets.isEmpty else { return }
        let budget = dice.pick(budgets)
        if dice.chance(0.25) {
            return model.schedule(.deleteBudget(namespace: budget.namespace, name: budget.name), at: at)
        }
        let limit: BudgetLimit = dice.pick([
            .maxUnavailable(.int(0)), .maxUnavailable(.int(2)), .minAvailable(.int(0)), .minAvailable(.int(3)),
            .maxUnavailable(.percent(100)),
        ])
        let policy: UnhealthyPodEvictionPolicy? = dice.chance(0.2) ? .alwaysAllow : nil
        model.schedule(
            .patchBudget(
                namespace: budget.namespace, name: budget.name,
                BudgetPatch(limit: limit, unhealthyPodEvictionPolicy: policy)), at: at)
    }

    private mutating func terminateNamespaces() {
        var dice = dice(.namespaces)
        let namespaces = Set(residents.map(\.namespace)).sorted().filter { $0 != Self.fleetNamespace }
        guard !namespaces.isEmpty else { return }
        model.timing.namespaceSweep =
            dice.chance(0.1) ? .never : .between(.zero, .seconds(dice.pick([0, 1, 30])))
        model.schedule(.terminateNamespace(dice.pick(namespaces)), at: dice.chance(0.3) ? Self.start : moment(&dice))
    }

    private mutating func uncordon() {
        var dice = dice(.uncordons)
        if dice.chance(0.3) { model.schedule(.setUnschedulable(node: Self.node, true), at: Self.start) }
        for _ in 0..<dice.int(0, 2) {
            let uncordon = ClusterAction.setUnschedulable(node: Self.node, false)
            if dice.chance(0.6) {
                model.schedule(uncordon, after: dice.skewed(0, 60_000), cordonOf: Self.node)
            } else {
                model.schedule(uncordon, at: moment(&dice))
            }
        }
        if dice.chance(0.2) { model.schedule(.setUnschedulable(node: Self.node, true), at: moment(&dice)) }
    }

    private mutating func shakeNode() {
        var dice = dice(.reboots)
        let notReady = Condition(type: "Ready", status: "Unknown", message: "Kubelet stopped posting node status.")
        switch dice.int(0, 5) {
        case 0: model.schedule(.deleteNode(Self.node), at: moment(&dice))
        case 1, 2:
            let down = moment(&dice)
            agents[0].happenings.append(Happening(trigger: .at(down), deed: .crash(dice.time(1000, 20_000))))
            model.schedule(.reboot(node: Self.node), at: down)
        default:
            let down = moment(&dice)
            model.schedule(.setNodeCondition(node: Self.node, notReady), at: down)
            guard dice.chance(0.7) else { return }
            let ready = Condition(type: "Ready", message: "kubelet is ready")
            model.schedule(.setNodeCondition(node: Self.node, ready), at: max(down, moment(&dice)))
        }
    }

    /// Leases that somebody removes, or writes another name into.
    private mutating func shakeFleet() {
        var dice = dice(.fleet)
        guard dice.chance(0.4) else { return }
        let holder = dice.chance(0.5) ? nil : "node-z"
        model.schedule(
            .seizeLease(namespace: Self.fleetNamespace, name: "drain-agent-0", holder: holder), at: moment(&dice))
        if holder != nil {
            model.schedule(.seizeLease(namespace: Self.fleetNamespace, name: "drain-agent-0", holder: ""), at: calm)
        }
    }
}

// MARK: - The agents

extension Scenario {
    private func trigger(_ dice: inout Dice) -> Happening.Trigger {
        switch dice.int(0, 3) {
        case 0: .at(moment(&dice))
        case 1: .atStep(dice.int(1, 60))
        default: .onRequest(dice.pick(RequestKind.allCases), dice.chance(0.3) ? .zero : dice.skewed(0, 3000))
        }
    }

    private mutating func cancel() {
        var dice = dice(.cancels)
        for _ in 0..<dice.int(1, 2) {
            let deed = Happening.Deed.cancel(uncordon: dice.chance(0.6))
            agents[0].happenings.append(Happening(trigger: trigger(&dice), deed: deed))
        }
    }

    private mutating func moveDeadline() {
        var dice = dice(.deadlines)
        _ = dice.word()
        guard dice.chance(0.35) else { return }
        let deadline = dice.chance(0.15) ? nil : Self.start + .seconds(dice.int(0, 400))
        let end = dice.chance(0.5) ? deadline.map { $0 + .seconds(dice.int(1, 30)) } : nil
        agents[0].happenings.append(
            Happening(trigger: trigger(&dice), deed: .deadline(deadline, hardEnd: end)))
    }

    private mutating func pause() {
        var dice = dice(.pauses)
        for _ in 0..<dice.int(1, 3) {
            let deed = Happening.Deed.pause(dice.skewed(100, 90_000))
            agents[dice.int(0, agents.count - 1)].happenings.append(Happening(trigger: trigger(&dice), deed: deed))
        }
    }

    private mutating func crash() {
        var dice = dice(.crashes)
        for _ in 0..<dice.int(1, 2) {
            let deed = Happening.Deed.crash(dice.skewed(100, 60_000))
            agents[dice.int(0, agents.count - 1)].happenings.append(Happening(trigger: trigger(&dice), deed: deed))
        }
    }
}
