import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Cluster model")
struct ClusterModelTests {
    @Test("the same seed gives the same history, another seed another")
    func determinism() {
        #expect(Self.drained(seed: 7).history == Self.drained(seed: 7).history)
        #expect(Self.drained(seed: 7).history != Self.drained(seed: 8).history)
    }

    @Test("a copy is a cluster of its own")
    func copies() {
        var model = Scenario.barePod()
        let copy = model
        _ = model.evict("bare")
        #expect(copy.pod("bare")?.isTerminating == false)
    }

    @Test("no eviction ever takes a budget below its promise", arguments: 0..<50)
    func budgetsHold(_ seed: UInt64) throws {
        let model = Self.drained(seed: seed)
        var ready: [String: Bool] = [:]
        for change in model.history {
            guard case .pod(let record) = change.object, record.pod.metadata.labels["app"] == "web" else { continue }
            let isHealthy = change.kind != .deleted && record.pod.isReady && !record.pod.isTerminating
            ready[record.pod.metadata.uid] = isHealthy
            let isBuilt = change.time > Scenario.start
            #expect(!isBuilt || ready.values.count { $0 } >= 4, "at \(change.time)")
        }
        #expect(model.pods(on: "node-a").isEmpty)
        #expect(model.pods().count { $0.isReady && !$0.isTerminating } == 6)
    }

    @Test("an action after a cordon waits for the cordon")
    func reaction() {
        var model = Scenario.web(.minAvailable(.int(3)))
        let mended = BudgetPatch(limit: .minAvailable(.int(0)))
        model.schedule(
            .patchBudget(namespace: "demo", name: "web", mended), after: .seconds(15), cordonOf: "node-a")
        model.advance(to: Scenario.start + .seconds(100))
        #expect(model.budgetStatus("web")?.disruptionsAllowed == 0)
        _ = model.exchange(.setUnschedulable(node: "node-a", true), at: model.now)
        model.advance(to: Scenario.start + .seconds(114))
        #expect(model.budgetStatus("web")?.disruptionsAllowed == 0)
        model.advance(to: Scenario.start + .seconds(115))
        #expect(model.budgetStatus("web")?.disruptionsAllowed == 3)
    }

    @Test("a node's conditions, labels and annotations are merged, and a stale version is refused")
    func nodePatches() throws {
        var model = Scenario.empty()
        var patch = NodeChange()
        patch.annotations = ["drain-agent.dev/drain": "{}"]
        guard case .object(_, .node(let record)) = model.handle(.patchNode(name: "node-a", patch), at: model.now).answer
        else {
            Issue.record("refused")
            return
        }
        #expect(record.node.metadata.annotations == ["drain-agent.dev/drain": "{}"])
        var removal = NodeChange()
        removal.annotations = ["drain-agent.dev/drain": String?.none]
        removal.resourceVersion = "1"
        let refused = model.handle(.patchNode(name: "node-a", removal), at: model.now)
        #expect({ if case .status(let status) = refused.answer { status.code == 409 } else { false } }())
        removal.resourceVersion = record.node.metadata.resourceVersion
        guard case .object(_, .node(let bare)) = model.handle(.patchNode(name: "node-a", removal), at: model.now).answer
        else {
            Issue.record("refused")
            return
        }
        #expect(bare.node.metadata.annotations.isEmpty)
    }

    @Test("a lease changes hands only for whom has seen it last")
    func leases() {
        var model = Scenario.empty()
        var lease = Lease(metadata: ObjectMeta(name: "drain", namespace: "demo"), spec: .init(holderIdentity: "one"))
        func answer(_ request: ModelRequest) -> (Int, Lease?) {
            switch model.handle(request, at: model.now).answer {
            case .object(let code, .lease(let record)): (code, record)
            case .status(let status): (status.code, nil)
            default: (0, nil)
            }
        }
        let created = answer(.createLease(lease))
        #expect(created.0 == 201)
        #expect(answer(.createLease(lease)).0 == 409)
        lease.metadata.resourceVersion = created.1?.metadata.resourceVersion ?? ""
        lease.spec.holderIdentity = "two"
        #expect(answer(.updateLease(lease)).1?.spec.holderIdentity == "two")
        #expect(answer(.updateLease(lease)).0 == 409)
    }

    /// Six pods under a budget of four, drained by a client that asks twice a second, with everything taking a time
    /// of its own.
    private static func drained(seed: UInt64) -> ClusterModel {
        var timing = Timing()
        timing.budgetSync = .between(.milliseconds(10), .seconds(1))
        timing.replacement = .between(.milliseconds(10), .milliseconds(300))
        var model = Scenario.empty(timing, seed: seed)
        let template = PodTemplate(
            readyAfter: .between(.milliseconds(500), .seconds(4)), stopAfter: .between(.zero, .seconds(3)))
        model.addDeployment("demo", "web", replicas: 6, on: Array(repeating: "node-a", count: 6), template)
        model.addBudget("demo", "web", .minAvailable(.int(4)), selecting: ["app": "web"])
        var now = Scenario.start + .seconds(1)
        _ = model.exchange(.setUnschedulable(node: "node-a", true), at: now)
        for _ in 0..<200 {
            now = now + .milliseconds(500)
            guard
                case .success(_, .pods(let list)) = model.exchange(.listPods(node: "node-a", .cache()), at: now).answer
            else { continue }
            for pod in list.items where !pod.isTerminating {
                _ = model.exchange(.evict(pod.identity, DeleteOptions()), at: now)
            }
        }
        return model
    }
}
