import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("NodeDrain: order, tiers and what pods ask for themselves")
struct TierTests {
    private static let clusterCritical: Int64 = 2_000_000_000
    private static let nodeCritical: Int64 = 2_000_001_000

    private static func drain(_ pods: [Pod], _ change: (inout DrainPolicy) -> Void = { _ in }) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        change(&policy)
        let drain = ScriptedDrain(pods, policy: policy, deadline: .seconds(300))
        drain.termination = { _ in .seconds(2) }
        return drain
    }

    @Test("what others depend on is asked for when everything before it is gone")
    func tiers() {
        let drain = Self.drain([
            Pod.stub("a").priority(Self.nodeCritical), Pod.stub("b").priority(Self.clusterCritical), .stub("c"),
        ])
        #expect(drain.run() == .ended)
        let times = ["c", "b", "a"].map { drain.evictions(of: $0)[0] }
        #expect(times[1] - times[0] >= .seconds(2) && times[2] - times[1] >= .seconds(2))
        let started = drain.events.compactMap { if case .tierStarted(let tier) = $0.fact { tier } else { nil } }
        #expect(started == [.clusterCritical, .nodeCritical])
    }

    @Test("with order none all are asked for at once")
    func none() {
        let drain = Self.drain([Pod.stub("a").priority(Self.nodeCritical), .stub("c")]) { $0.order = .none }
        drain.run()
        #expect(drain.evictions(of: "a")[0] == drain.evictions(of: "c")[0])
    }

    @Test("a blocked pod holds the next tier up for the tier's patience, and no longer")
    func patience() {
        let drain = Self.drain([Pod.stub("a").priority(Self.nodeCritical), .stub("c")]) {
            $0.tierPatience = .seconds(20)
        }
        drain.script = { call, _ in
            if case .evict(let pod, _) = call, pod.name == "c" { .init(.webhook("kv")) } else { nil }
        }
        drain.run()
        let first = drain.evictions(of: "a")[0]
        // Seconds in flight are not counted.
        #expect(first >= .seconds(20) && first < .seconds(22))
    }

    @Test("a pod that is blocked for good holds nobody up")
    func forGood() {
        let guarded = GuardedNode(
            [Pod.stub("critical").priority(Self.nodeCritical), Pod.stub("web", labels: ["app": "web"]).ready()],
            budget: .stub(maxUnavailable: 0, of: 1), deadline: .seconds(100))
        guarded.drain.run()
        #expect(guarded.drain.evictions(of: "critical")[0] < .seconds(2))
    }

    @Test("an overdue pod holds the next tier up until its time and the patience are over")
    func overdue() {
        let drain = Self.drain([Pod.stub("a").priority(Self.nodeCritical), .stub("c")])
        drain.termination = { $0.name == "c" ? nil : .seconds(1) }
        drain.run()
        // 30 s of grace, then the patience.
        let first = drain.evictions(of: "a")[0]
        #expect(first >= .seconds(90) && first < .seconds(92))
    }

    @Test("within a tier pods go in the order they ask for, then by namespace and name")
    func order() {
        let drain = Self.drain([
            .stub("a", annotations: ["drain-agent.dev/order": "10"]), .stub("b"),
            .stub("c", annotations: ["drain-agent.dev/order": "-1"]),
        ]) { $0.concurrency = 1 }
        drain.run()
        let sent = drain.sent.compactMap { if case .evict(let pod, _) = $0.request.call { pod.name } else { nil } }
        #expect(sent == ["c", "b", "a"])
    }

    @Test("a pod that says so is left alone, and its reason told")
    func leftAlone() {
        let drain = Self.drain([.stub("a", annotations: ["drain-agent.dev/evict": "false"]), .stub("b")])
        #expect(drain.run() == .ended)
        #expect(drain.exclusions == ["a": .annotation])
        #expect(drain.summary?.outcome == .completed)
    }

    @Test("a pod's own grace period goes with its eviction, whatever the drain's is")
    func grace() {
        let drain = Self.drain([
            .stub("a", annotations: ["drain-agent.dev/grace-period-seconds": "7"]), .stub("b"),
        ]) { $0.gracePeriodSeconds = 90 }
        drain.run()
        var graces: [String: Int64?] = [:]
        for (_, request) in drain.sent {
            if case .evict(let pod, let options) = request.call { graces[pod.name] = options.gracePeriodSeconds }
        }
        #expect(graces == ["a": 7, "b": 90])
    }

    @Test(
        "an annotation that cannot be followed is told of and ignored",
        arguments: ["grace-period-seconds": "soon", "evict": "no", "order": "first"])
    func ignored(annotation: String, value: String) {
        let drain = Self.drain([.stub("a", annotations: ["drain-agent.dev/\(annotation)": value])])
        #expect(drain.run() == .ended)
        #expect(drain.summary?.evicted == 1)
        let told = drain.events.contains {
            if case .annotationIgnored(_, "drain-agent.dev/\(annotation)", let problem) = $0.fact {
                problem.contains("\"\(value)\"")
            } else {
                false
            }
        }
        #expect(told)
    }
}
