import ClusterModel
import KubernetesAPI
import Timestamps

// Nodes, workloads, and the budgets over them.
extension Scenario {
    private static let priorities: [Int64] = [0, 1000, 2_000_000_000, 2_000_001_000]

    mutating func buildCluster() {
        var dice = Dice(seed &+ 1)
        model.addNode(Self.node)
        for name in ["node-b", "node-c", "node-d"].prefix(dice.int(1, 3)) { model.addNode(name) }
        model.addNamespace(Self.fleetNamespace)
        model.timing.replacement = .between(.milliseconds(20), dice.time(50, 2000))
        model.timing.budgetSync = .between(.milliseconds(10), dice.time(30, 1500))
        model.timing.scheduling = .between(.milliseconds(10), dice.time(30, 1000))
        model.timing.detach = has(.volumes) ? .between(.milliseconds(500), .seconds(20)) : .after(.milliseconds(200))
        let spread = dice.chance(wildness * 0.2) ? 11 : dice.int(1, 3)
        let few = dice.chance(0.05) ? 0 : dice.int(1, wildness > 0.5 && dice.chance(0.3) ? 12 : 5)
        // One watch on all budgets takes the place of many.
        let count = spread > 8 ? 22 : few
        for number in 0..<min(count, podLimit) {
            let namespace = ["shop", "data", "kube-system"][safe: number % spread] ?? "team-\(number % spread)"
            addWorkload(number, namespace, &dice)
        }
        if has(.budgets) { addBudgets() }
        model.forEachPod(on: Self.node) { record in
            residents.append((record.pod.metadata.namespace, record.pod.metadata.name))
        }
    }

    private func template(_ number: Int) -> PodTemplate {
        var dice = Dice(seed &+ 100 &+ UInt64(number))
        var template = PodTemplate()
        template.gracePeriodSeconds = Int64(dice.pick([1, 2, 5, 30, 30, 30, 60]))
        template.stopAfter = .between(.milliseconds(10), dice.time(20, 2000))
        template.readyAfter = .between(.milliseconds(300), dice.time(400, 5000))
        template.hasEmptyDir = dice.chance(0.2)
        if has(.tiers) { template.priority = dice.pick(Self.priorities) }
        if has(.kubelets) {
            if dice.chance(0.3) { template.stopAfter = .between(.seconds(1), .seconds(dice.int(2, 90))) }
            if dice.chance(0.03 + 0.05 * wildness) { template.stopAfter = .never }
            if dice.chance(0.2) { template.readyAfter = .between(.seconds(2), .seconds(dice.int(3, 60))) }
            if dice.chance(0.1) { template.readyAfter = .never }
        }
        if has(.finalizers), dice.chance(0.25) { template.finalizers = ["example.com/guard"] }
        if has(.volumes) { template.hasVolume = dice.chance(0.5) }
        if has(.selection) {
            if dice.chance(0.3) { template.labels["drain"] = "no" }
            if dice.chance(0.15) {
                template.annotations["drain-agent.dev/evict"] = dice.pick(["false", "true", "maybe"])
            }
            if dice.chance(0.15) { template.annotations["drain-agent.dev/order"] = dice.pick(["-1", "5", "x"]) }
        }
        if has(.grace), dice.chance(0.3) {
            template.annotations["drain-agent.dev/grace-period-seconds"] = dice.pick(["0", "3", "20", "soon"])
        }
        if has(.unblock), dice.chance(0.3) {
            template.annotations["drain-agent.dev/unblock"] = dice.pick(["rollout-restart", "off"])
        }
        return template
    }

    private mutating func addWorkload(_ number: Int, _ namespace: String, _ dice: inout Dice) {
        let (name, template) = ("w\(number)", template(number))
        let replicas = dice.int(1, 4)
        let here = (0..<replicas).map { _ in dice.chance(0.55) ? Self.node : "node-b" }
        workloads.append((namespace, name))
        switch dice.int(0, 19) {
        case 0..<8:
            var strategy = WorkloadRecord.defaultStrategy
            if has(.unblock), dice.chance(0.6) {
                strategy = Workload.Strategy(
                    type: "RollingUpdate",
                    rollingUpdate: .init(maxSurge: .int(dice.int(0, 1)), maxUnavailable: .int(dice.int(0, 1))))
            }
            let isPaused = has(.unblock) && dice.chance(0.1)
            model.addDeployment(
                namespace, name, replicas: replicas, on: here, template, strategy: strategy, isPaused: isPaused)
        case 8: model.addReplicaSet(namespace, name, replicas: replicas, on: here, template)
        case 9: model.addReplicationController(namespace, name, replicas: replicas, on: here, template)
        case 10..<14: model.addStatefulSet(namespace, name, replicas: replicas, on: here, template)
        case 14, 15:
            model.addDaemonSet(namespace, name, template)
            // Its pods are left as orphans.
            if dice.chance(0.25) { model.perform(.deleteWorkload(namespace: namespace, name: name)) }
        case 16: model.addStaticPod(namespace, name, on: Self.node, template)
        case 17:
            model.addJob(
                namespace, name, phase: dice.pick(["Running", "Succeeded", "Failed"]), on: Self.node, template)
        case 18: model.addBarePod(namespace, name, on: Self.node, template)
        default:
            let owner = OwnerReference(apiVersion: "batch/v1", kind: "Job", name: "long-gone", uid: "none")
            model.addBarePod(namespace, name, on: Self.node, owner: dice.chance(0.5) ? owner : nil, template)
        }
    }

    private mutating func addBudgets() {
        var dice = dice(.budgets)
        let isEverywhere = workloads.count > 12
        for (number, workload) in workloads.enumerated() where dice.chance(isEverywhere ? 0.95 : 0.6) {
            let limit: BudgetLimit =
                switch isEverywhere && dice.chance(0.8) ? 5 : dice.int(0, 9) {
                case 0: .minAvailable(.int(0))
                case 1, 2: .minAvailable(.int(1))
                case 3: .minAvailable(.int(dice.int(2, 5)))
                case 4: .minAvailable(.percent(dice.pick([1, 30, 50, 99, 100])))
                case 5: .maxUnavailable(.int(0))
                case 6, 7, 8: .maxUnavailable(.int(1))
                default: .maxUnavailable(.percent(dice.pick([1, 30, 50, 100])))
                }
            // Now and then one over all that its namespace has.
            let labels = dice.chance(0.06) ? [:] : ["app": workload.name]
            let policy: UnhealthyPodEvictionPolicy? = dice.pick([nil, nil, .ifHealthyBudget, .alwaysAllow])
            model.addBudget(
                workload.namespace, "b\(number)", limit, selecting: labels, unhealthyPodEvictionPolicy: policy)
            budgets.append((workload.namespace, "b\(number)"))
        }
    }
}

extension Array {
    subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
