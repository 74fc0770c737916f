import ClusterModel
import DrainEngine
import KubernetesAPI
import Testing
import Timestamps

@Suite("Survey")
struct SurveyTests {
    private static func policy(_ change: (inout DrainPolicy) -> Void = { _ in }) -> DrainPolicy {
        var policy = DrainPolicy(node: ModelDrain.node)
        policy.surveysOnly = true
        change(&policy)
        return policy
    }

    private static func run(
        _ policy: DrainPolicy = policy(), for limit: Duration = .seconds(120), _ build: (inout ClusterModel) -> Void
    ) -> ModelDrain {
        var drain = ModelDrain(ModelDrain.still(build))
        drain.run(policy, for: limit)
        return drain
    }

    private static func fault(_ effect: Fault.Effect, times: Int = .max) -> Fault {
        Fault(effect, on: .requests(AccessAttributes("create", .pods, subresource: "eviction")), times: times)
    }

    @Test("nothing but reads and dry runs is sent, and every dry run names the pod's UID")
    func harmless() {
        let plan = Self.run { $0.addWeb(3, .maxUnavailable(.int(1))) }
        for call in plan.sent {
            switch call {
            case .readNode, .listPods, .listBudgets, .listSelectedPods, .readWorkload: break
            case .evict(let pod, let options): #expect(options.dryRun && !pod.uid.isEmpty)
            default: Issue.record("\(call)")
            }
        }
        #expect(plan.sent.count { if case .evict = $0 { true } else { false } } == 3)
        #expect(plan.sent.count { if case .listBudgets = $0 { true } else { false } } == 1)
    }

    @Test("without eviction, the deletes are tried and no budget is asked for")
    func deletes() throws {
        let plan = Self.run(Self.policy { $0.deletesWithoutEviction = true }) { $0.addWeb(1, .minAvailable(.int(1))) }
        #expect(try #require(plan.forecast).pods.map(\.outlook) == [.now])
        #expect(plan.sent.contains { if case .deletePod(_, let options) = $0 { options.dryRun } else { false } })
        #expect(!plan.sent.contains { if case .listBudgets = $0 { true } else { false } })
        #expect(!plan.sent.contains { if case .evict = $0 { true } else { false } })
    }

    @Test("budgets are listed by namespace up to eight of them, and beyond that all at once", arguments: [8, 9])
    func scopes(namespaces: Int) {
        let plan = Self.run { model in
            for number in 0..<namespaces {
                model.addDeployment("ns-\(number)", "web", replicas: 1, on: [ModelDrain.node], .still())
            }
        }
        let scopes = plan.sent.compactMap { call -> String?? in
            if case .listBudgets(let namespace, _) = call { .some(namespace) } else { nil }
        }
        #expect(scopes.count == (namespaces > 8 ? 1 : namespaces))
        #expect(scopes.allSatisfy { ($0 == nil) == (namespaces > 8) })
    }

    @Test("where budgets may not be read, their refusals count, and the forecast says so")
    func unreadBudgets() throws {
        let plan = Self.run { model in
            model.addWeb(2, .maxUnavailable(.int(0)))
            model.access.denied = [AccessAttributes("list", .budgets)]
        }
        let forecast = try #require(plan.forecast)
        let web = Blocker.budget(namespace: "demo", name: "web")
        #expect(forecast.pods.map(\.outlook) == [.blocked(by: web, round: nil), .blocked(by: web, round: nil)])
        #expect(forecast.notes.count == 1 && forecast.notes[0].contains("namespace demo could not be read"))
        #expect(forecast.budgets.map(\.pods) == [2] && forecast.budgets[0].rounds == nil)
    }

    @Test(
        "a server that stumbles is asked again",
        arguments: [
            Fault.Effect.unavailable, .cut(afterEffect: false), .throttle(retryAfterSeconds: 2),
            .refuse(APIStatus(code: 403, reason: "Forbidden", message: "not yet")),
        ])
    func stumbles(effect: Fault.Effect) throws {
        let plan = Self.run { model in
            model.addWeb(2)
            model.faults.add(Self.fault(effect, times: 1))
        }
        #expect(try #require(plan.forecast).pods.map(\.outlook) == [.now, .now])
        #expect(plan.summary?.outcome == .completed)
    }

    @Test("while the server wants to be left alone, nothing is sent")
    func pauses() throws {
        let plan = Self.run(Self.policy { $0.concurrency = 1 }) { model in
            model.addWeb(2)
            model.faults.add(Self.fault(.throttle(retryAfterSeconds: 7), times: 1))
        }
        let throttled = try #require(
            plan.events.first { if case .throttled = $0.fact { true } else { false } })
        let surveyed = try #require(plan.events.first { if case .surveyed = $0.fact { true } else { false } })
        #expect(surveyed.at - throttled.at >= .seconds(7))
        #expect(plan.sent.count { if case .evict = $0 { true } else { false } } == 3)
    }

    @Test(
        "a server that never says anything makes no plan",
        arguments: [Fault.Effect.unavailable, .cut(afterEffect: false), .throttle(retryAfterSeconds: 1)])
    func silence(effect: Fault.Effect) throws {
        let plan = Self.run { model in
            model.addWeb(2)
            model.faults.add(Self.fault(effect))
        }
        let summary = try #require(plan.summary)
        #expect(summary.outcome == .failed && plan.forecast == nil)
        #expect(summary.reason.hasPrefix("the API server does not say what would go: "))
        let ended = try #require(plan.events.last)
        #expect(ended.at - ModelDrain.epoch < .seconds(90 + 31))
    }

    @Test("one pod that nobody can say anything about does not hide the others")
    func partlySilent() throws {
        let plan = Self.run { model in
            model.addSet(2)
            model.refuse(APIStatus(code: 500, reason: "InternalError", message: "failed calling webhook"), pod: "web-0")
        }
        let forecast = try #require(plan.forecast)
        #expect(forecast.pods.map(\.outlook) == [.unknown(reason: "failed calling webhook"), .now])
        #expect(plan.summary?.outcome == .incomplete)
    }

    @Test("a node that is not there fails, and says so")
    func noNode() throws {
        let plan = Self.run(DrainPolicy(node: "node-x").surveying) { _ in }
        let summary = try #require(plan.summary)
        #expect(summary.outcome == .failed)
        #expect(summary.reason == #"cannot read node node-x: nodes "node-x" not found (404)"#)
    }

    @Test("an empty node is nothing but a fine plan")
    func empty() throws {
        let plan = Self.run { _ in }
        #expect(try #require(plan.forecast).canComplete && plan.summary?.outcome == .completed)
    }

    @Test("what would make the drain refuse is said of each pod, and is no error")
    func refusals() throws {
        let refusals = DrainPolicy.Refusals(emptyDir: true, unmanaged: true, daemonSets: true)
        let plan = Self.run(Self.policy { $0.refusals = refusals }) { model in
            model.addBarePod("demo", "bare", on: ModelDrain.node, .still())
            model.addDaemonSet("kube-system", "exporter", .still())
        }
        let forecast = try #require(plan.forecast)
        #expect(forecast.pods.map(\.refusals) == [[.unmanaged], [.daemonSet]])
        #expect(forecast.pods.map(\.outlook) == [.now, .left(.daemonset)])
        #expect(!forecast.canComplete && plan.summary?.outcome == .incomplete)
    }

    @Test(
        "preflight: fail touches nothing when something can never go, warn says it and goes on",
        arguments: [
            (DrainPolicy.Preflight.fail, 1, true), (.warn, 1, false), (.off, 1, false), (.fail, 2, false),
        ])
    func preflight(preflight: DrainPolicy.Preflight, replicas: Int, fails: Bool) throws {
        let drain = Self.run(
            Self.policy {
                $0.surveysOnly = false
                $0.preflight = preflight
            }, for: .seconds(20)
        ) { $0.addWeb(replicas, .minAvailable(.int(1))) }
        #expect((drain.forecast != nil) == (preflight != .off))
        let cordons = drain.sent.contains { if case .patchNode = $0 { true } else { false } }
        #expect(cordons == !fails)
        guard fails else { return }
        let summary = try #require(drain.summary)
        #expect(summary.outcome == .failed)
        #expect(summary.reason.hasPrefix("nothing was touched, for demo/web-"))
        #expect(summary.reason.contains("can never go: PodDisruptionBudget demo/web wants 1 healthy"))
        #expect(!drain.sent.contains { if case .evict(_, let options) = $0 { !options.dryRun } else { false } })
    }

    @Test("what a careful person wants to be asked about comes before the survey")
    func refusedBeforeSurvey() {
        let drain = Self.run(
            Self.policy {
                $0.surveysOnly = false
                $0.preflight = .fail
                $0.refusals = DrainPolicy.Refusals(unmanaged: true)
            }
        ) { $0.addBarePod("demo", "bare", on: ModelDrain.node, .still()) }
        #expect(drain.summary?.outcome == .failed && drain.forecast == nil)
    }
}

extension DrainPolicy {
    fileprivate var surveying: DrainPolicy {
        var policy = self
        policy.surveysOnly = true
        return policy
    }
}
