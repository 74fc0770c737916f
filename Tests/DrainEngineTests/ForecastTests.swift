import ClusterModel
import DrainEngine
import KubernetesAPI
import SeededRandom
import Testing
import Timestamps

/// A cluster, and the plan's word for each pod of the node, by the pod's prefix.
struct StandingScenario: Sendable, CustomTestStringConvertible {
    let name: String
    let build: @Sendable (inout ClusterModel) -> Void
    /// `now`, `blocked`, `never`, `leaving`, `left` or `unknown`, in the drain's order.
    let words: [String]

    var testDescription: String { name }

    init(_ name: String, _ words: [String], _ build: @escaping @Sendable (inout ClusterModel) -> Void) {
        self.name = name
        self.words = words
        self.build = build
    }
}

@Suite("Forecast")
struct ForecastTests {
    static let scenarios: [StandingScenario] = [
        StandingScenario("nothing is guarded", ["now", "now"]) { $0.addWeb(2) },
        StandingScenario("a budget that allows one of three", ["now", "blocked 2", "blocked 3"]) {
            $0.addWeb(3, .maxUnavailable(.int(1)))
        },
        StandingScenario("a budget that allows two of five", ["now", "now", "blocked 2", "blocked 2", "blocked 3"]) {
            $0.addWeb(5, .maxUnavailable(.int(2)))
        },
        StandingScenario("a budget that allows all", ["now", "now"]) { $0.addWeb(2, .maxUnavailable(.percent(100))) },
        StandingScenario("a percentage", ["now", "now", "blocked 2", "blocked 2"]) {
            $0.addWeb(4, .minAvailable(.percent(50)))
        },
        StandingScenario("one replica behind minAvailable 1", ["never"]) { $0.addWeb(1, .minAvailable(.int(1))) },
        StandingScenario("maxUnavailable 0", ["never", "never"]) { $0.addWeb(2, .maxUnavailable(.int(0))) },
        StandingScenario("a failed pod beside one replica behind minAvailable 1", ["now", "never"]) {
            $0.addJob("demo", "a", phase: "Failed", on: ModelDrain.node, .still(["app": "web"]))
            $0.addWeb(1, .minAvailable(.int(1)))
        },
        StandingScenario("two budgets on one pod", ["never", "never"]) {
            $0.addWeb(2, .maxUnavailable(.int(1)))
            $0.addBudget("demo", "other", .maxUnavailable(.int(1)), selecting: ["app": "web"])
        },
        StandingScenario("two budgets, each with its own pods", ["never", "now", "blocked 2"]) {
            $0.addDeployment("demo", "pay", replicas: 1, on: [ModelDrain.node], .still())
            $0.addBudget("demo", "pay", .minAvailable(.int(1)), selecting: ["app": "pay"])
            $0.addWeb(2, .maxUnavailable(.int(1)))
        },
        StandingScenario("an unready pod goes beside the healthy one", ["now", "now", "blocked 2"]) {
            $0.addSet(3, .minAvailable(.int(1)))
            $0.perform(.setReady(namespace: "demo", pod: "web-0", false))
        },
        StandingScenario("an unready pod of an unhealthy budget waits", ["blocked 1", "blocked 2", "blocked 3"]) {
            $0.addSet(3, .minAvailable(.int(2)))
            $0.perform(.setReady(namespace: "demo", pod: "web-0", false))
            $0.perform(.setReady(namespace: "demo", pod: "web-1", false))
        },
        StandingScenario("AlwaysAllow lets unready pods pass", ["now", "now", "blocked 1"]) {
            $0.addSet(3, .minAvailable(.int(2)), .alwaysAllow)
            $0.perform(.setReady(namespace: "demo", pod: "web-0", false))
            $0.perform(.setReady(namespace: "demo", pod: "web-1", false))
        },
        StandingScenario("a pod that terminates already", ["leaving", "blocked 1", "blocked 2"]) {
            $0.addSet(3, .maxUnavailable(.int(1)))
            $0.perform(.deletePod(PodDeletion(namespace: "demo", name: "web-0")))
        },
        StandingScenario("pods of a DaemonSet and of the kubelet", ["now", "left", "left"]) {
            $0.addDaemonSet("kube-system", "exporter", .still())
            $0.addStaticPod("kube-system", "proxy", on: ModelDrain.node, .still())
            $0.addWeb(1)
        },
        StandingScenario("finished pods go whatever the budget", ["now"]) {
            $0.addJob("demo", "web", phase: "Succeeded", on: ModelDrain.node, .still())
            $0.addBudget("demo", "web", .minAvailable(.int(1)), selecting: ["app": "web"])
        },
        StandingScenario("bare pods that nobody replaces", ["now", "never", "never"]) {
            for name in ["a", "b", "c"] {
                $0.addBarePod("demo", name, on: ModelDrain.node, .still(["app": "bare"]))
            }
            $0.addBudget("demo", "bare", .minAvailable(.int(2)), selecting: ["app": "bare"])
        },
        StandingScenario("an owner without a scale", ["never"]) {
            let owner = OwnerReference(apiVersion: "demo.dev/v1", kind: "Widget", name: "w", uid: "w")
            $0.addBarePod("demo", "a", on: ModelDrain.node, owner: owner, .still(["app": "bare"]))
            $0.addBudget("demo", "bare", .maxUnavailable(.int(1)), selecting: ["app": "bare"])
        },
        StandingScenario("a webhook that says no", ["blocked", "now"]) {
            $0.addSet(2)
            $0.refuse(.webhookDenial("guard.demo.dev", "a migration is under way"), pod: "web-0")
        },
        StandingScenario("evictions that are forbidden", ["never", "never"]) {
            $0.addSet(2)
            $0.access.denied = [AccessAttributes("create", .pods, subresource: "eviction", namespace: "demo")]
        },
        StandingScenario("an eviction that is rejected", ["now", "never"]) {
            $0.addSet(2)
            $0.refuse(.badRequest("no"), pod: "web-1")
        },
        StandingScenario("a webhook that no dry run may ask", ["unknown", "now"]) {
            $0.addSet(2)
            $0.refuse(.badRequest(#"admission webhook "w" does not support dry run"#), pod: "web-0")
        },
        StandingScenario("tiers: what others depend on is blocked first", ["now", "blocked 2"]) {
            var critical = PodTemplate.still(["group": "dns"])
            critical.priority = 2_000_000_000
            $0.addStatefulSet("demo", "a", replicas: 1, on: [ModelDrain.node], critical)
            $0.addStatefulSet("demo", "b", replicas: 1, on: [ModelDrain.node], .still(["group": "dns"]))
            $0.addBudget("demo", "dns", .maxUnavailable(.int(1)), selecting: ["group": "dns"])
        },
        StandingScenario(
            "budgets of more namespaces than are listed one by one", Array(repeating: "never", count: 9)
        ) {
            for number in 0..<9 {
                $0.addDeployment("ns-\(number)", "web", replicas: 1, on: [ModelDrain.node], .still())
                $0.addBudget("ns-\(number)", "web", .minAvailable(.int(1)), selecting: ["app": "web"])
            }
        },
    ]

    private static func policy(_ change: (inout DrainPolicy) -> Void) -> DrainPolicy {
        var policy = DrainPolicy(node: ModelDrain.node)
        policy.concurrency = 1
        change(&policy)
        return policy
    }

    private static func word(_ outlook: Forecast.PodOutlook) -> String {
        switch outlook {
        case .now: "now"
        case .blocked(_, let round): round.map { "blocked \($0)" } ?? "blocked"
        case .never: "never"
        case .leaving: "leaving"
        case .left: "left"
        case .unknown: "unknown"
        }
    }

    @Test("each pod has its word, and nothing is touched", arguments: scenarios)
    func words(scenario: StandingScenario) throws {
        var plan = ModelDrain(ModelDrain.still(scenario.build))
        let revision = plan.model.revision
        plan.run(Self.policy { $0.surveysOnly = true })
        let forecast = try #require(plan.forecast)
        #expect(forecast.pods.map { Self.word($0.outlook) } == scenario.words)
        #expect(plan.model.revision == revision)
        let isFine = !scenario.words.contains { $0 == "never" || $0 == "unknown" }
        #expect(plan.summary?.outcome == (isFine ? .completed : .incomplete))
        #expect(forecast.canComplete == isFine)
    }

    @Test("the forecast is the first answer that each pod then gets", arguments: scenarios)
    func foretells(scenario: StandingScenario) throws {
        var plan = ModelDrain(ModelDrain.still(scenario.build))
        plan.run(Self.policy { $0.surveysOnly = true })
        var drain = ModelDrain(ModelDrain.still(scenario.build))
        drain.run(Self.policy { $0.preflight = .warn }, for: .seconds(300))
        #expect(drain.forecast == plan.forecast)
        try Self.expect(try #require(plan.forecast), in: drain)
    }

    /// A pod that a budget blocks through its sibling is not asked for at all: then it is who blocks it that counts.
    static func expect(_ forecast: Forecast, in drain: ModelDrain) throws {
        for entry in forecast.pods {
            let name = entry.pod.name
            let answer = drain.firstAnswers[name]?.answer
            let blocker = drain.firstBlockers[name]
            switch entry.outlook {
            case .now: #expect(answer == .accepted, "\(name)")
            case .blocked(let foretold, _):
                #expect(blocker == foretold, "\(name)")
                #expect(answer != .accepted, "\(name)")
            case .never:
                #expect(answer != .accepted, "\(name)")
                #expect(answer == entry.answer || blocker != nil, "\(name)")
            case .leaving, .left: #expect(answer == nil, "\(name)")
            case .unknown: #expect(answer == entry.answer, "\(name)")
            }
        }
    }

    @Test("whatever stands there: the forecast is the first answer", arguments: 0..<100)
    func random(seed: Int) throws {
        func build(_ model: inout ClusterModel) {
            var random = SplitMix64(seed: UInt64(seed))
            model.addRandom(&random)
        }
        var plan = ModelDrain(ModelDrain.still(build))
        plan.run(Self.policy { $0.surveysOnly = true })
        var drain = ModelDrain(ModelDrain.still(build))
        drain.run(Self.policy { _ in }, for: .seconds(300))
        try Self.expect(try #require(plan.forecast), in: drain)
    }
}

extension ClusterModel {
    mutating func addWeb(_ replicas: Int, _ limit: BudgetLimit? = nil) {
        addDeployment(
            "demo", "web", replicas: replicas, on: Array(repeating: ModelDrain.node, count: replicas), .still())
        if let limit { addBudget("demo", "web", limit, selecting: ["app": "web"]) }
    }

    /// The same with names that can be told.
    mutating func addSet(
        _ replicas: Int, _ limit: BudgetLimit? = nil, _ policy: UnhealthyPodEvictionPolicy? = nil
    ) {
        addStatefulSet(
            "demo", "web", replicas: replicas, on: Array(repeating: ModelDrain.node, count: replicas), .still())
        guard let limit else { return }
        addBudget("demo", "web", limit, selecting: ["app": "web"], unhealthyPodEvictionPolicy: policy)
    }

    mutating func refuse(_ status: APIStatus, pod: String) {
        faults.add(
            Fault(
                .refuse(status),
                on: .requests(
                    AccessAttributes("create", .pods, subresource: "eviction", namespace: "demo", name: pod))))
    }

    mutating func addRandom(_ random: inout SplitMix64) {
        for number in 0..<Int.random(in: 1...4, using: &random) {
            let namespace = "ns-\(Int.random(in: 0..<2, using: &random))"
            let name = "set-\(number)"
            let replicas = Int.random(in: 1...4, using: &random)
            var template = PodTemplate.still()
            if Int.random(in: 0..<5, using: &random) == 0 { template.priority = 2_000_000_000 }
            addStatefulSet(
                namespace, name, replicas: replicas, on: Array(repeating: ModelDrain.node, count: replicas), template)
            if Int.random(in: 0..<4, using: &random) > 0 {
                let size: IntOrPercent =
                    Bool.random(using: &random)
                    ? .int(Int.random(in: 0...4, using: &random)) : .percent(Int.random(in: 0...100, using: &random))
                addBudget(
                    namespace, name, Bool.random(using: &random) ? .minAvailable(size) : .maxUnavailable(size),
                    selecting: ["app": name],
                    unhealthyPodEvictionPolicy: Int.random(in: 0..<4, using: &random) == 0 ? .alwaysAllow : nil)
            }
            for ordinal in 0..<replicas {
                let pod = "\(name)-\(ordinal)"
                switch Int.random(in: 0..<8, using: &random) {
                case 0, 1: perform(.setReady(namespace: namespace, pod: pod, false))
                case 2: perform(.deletePod(PodDeletion(namespace: namespace, name: pod)))
                default: break
                }
            }
        }
    }
}

extension PodTemplate {
    static func still(_ labels: [String: String] = [:]) -> PodTemplate {
        PodTemplate(readyAfter: .never, stopAfter: .never, labels: labels)
    }
}
