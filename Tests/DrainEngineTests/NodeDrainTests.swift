import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("NodeDrain: whole drains")
struct NodeDrainTests {
    private static func policy(_ change: (inout DrainPolicy) -> Void = { _ in }) -> DrainPolicy {
        var policy = DrainPolicy(node: "node-a")
        change(&policy)
        return policy
    }

    @Test("pods are evicted, watched until they are gone, and a list proves the end")
    func completes() throws {
        let drain = ScriptedDrain([.stub("a"), .stub("b")])
        #expect(drain.run() == .ended)
        let summary = try #require(drain.summary)
        #expect(summary.outcome == .completed && summary.reason.isEmpty)
        #expect(summary.total == 2 && summary.evicted == 2 && summary.remaining.isEmpty && summary.leftCordoned)
        #expect(drain.phases("a") == [.queued, .evicting, .terminating, .gone])
        #expect(drain.states == [.cordoning, .draining, .completed])
        #expect(drain.cluster.node.spec.unschedulable)
        let order = drain.sent.map(\.request.purpose)
        #expect(Array(order.prefix(3)) == [.readNode, .plan, .cordon])
        #expect(order.last == .verify && order.count { $0 == .verify } == 1)
        guard case .ended(let told) = drain.events.last?.fact else {
            Issue.record("the summary is not the last event")
            return
        }
        #expect(told == summary)
    }

    @Test("the first list comes from the cache, the last one is consistent")
    func sources() {
        let drain = ScriptedDrain([.stub("a")])
        drain.run()
        let sources = drain.sent.compactMap {
            if case .listPods(_, let source) = $0.request.call { source } else { nil }
        }
        #expect(sources == [.cache(), .consistent(chunkSize: 500)])
    }

    @Test("each eviction names the UID and carries the grace period that was asked for")
    func evictionCall() {
        let drain = ScriptedDrain([.stub("a")], policy: Self.policy { $0.gracePeriodSeconds = 7 })
        drain.run()
        let calls = drain.sent.compactMap { if case .evict = $0.request.call { $0.request.call } else { nil } }
        let pod = PodIdentity(namespace: "demo", name: "a", uid: "a-uid")
        #expect(calls == [.evict(pod, DeleteOptions(gracePeriodSeconds: 7))])
    }

    @Test("without eviction, pods are deleted")
    func deletes() {
        let drain = ScriptedDrain([.stub("a")], policy: Self.policy { $0.deletesWithoutEviction = true })
        drain.run()
        #expect(drain.summary?.evicted == 1)
        #expect(drain.sent.contains { if case .deletePod = $0.request.call { true } else { false } })
        #expect(!drain.sent.contains { if case .evict = $0.request.call { true } else { false } })
    }

    @Test("a node that is cordoned already is not cordoned again, and not ours to free")
    func alreadyCordoned() throws {
        let cluster = ScriptedCluster(node: "node-a", pods: [.stub("a")], unschedulable: true)
        let drain = ScriptedDrain(Self.policy(), cluster: cluster)
        drain.at(.seconds(1)) { $0.tell(.cancel(uncordon: true)) }
        #expect(drain.run() == .ended)
        #expect(drain.events.contains { $0.fact == .cordon(.alreadyCordoned) })
        #expect(!drain.sent.contains { if case .patchNode = $0.request.call { true } else { false } })
        #expect(drain.summary?.leftCordoned == false)
        #expect(drain.summary?.outcome == .cancelled)
    }

    @Test("with nothing to do the node is cordoned, the end verified, and that was it")
    func nothingToDo() {
        let drain = ScriptedDrain([.stub("logs", owner: .daemonSet("logs"))])
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.total == 0)
        #expect(drain.exclusions == ["logs": .daemonset])
        #expect(drain.cluster.node.spec.unschedulable)
    }

    @Test("a node that does not exist fails the drain at once")
    func nodeMissing() {
        let drain = ScriptedDrain([])
        drain.script = { call, _ in
            if case .readNode = call { .init(.notFound("nodes", "node-a")) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .failed)
        #expect(drain.summary?.reason == "cannot read node node-a: nodes \"node-a\" not found (404)")
        #expect(drain.sent.count == 1 && drain.elapsed < .seconds(1))
    }

    @Test("a list that stays forbidden fails the drain within seconds, with one clear reason, and nothing is touched")
    func listForbidden() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, _ in
            if case .listPods = call { .init(Status(code: 403, message: "pods is forbidden")) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .failed)
        #expect(drain.summary?.reason == "cannot list the pods of node-a: pods is forbidden (403)")
        #expect(drain.elapsed >= .seconds(2) && drain.elapsed < .seconds(5))
        #expect(!drain.cluster.node.spec.unschedulable)
    }

    @Test("a list that is forbidden for a moment, as a new server does, is asked for again")
    func listForbiddenForAMoment() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, now in
            guard case .listPods = call, now < ScriptedDrain.epoch + .milliseconds(120) else { return nil }
            return .init(Status(code: 403, message: "pods is forbidden"))
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
    }

    @Test("an API server that does not answer at the start is given up after the patience, or at the deadline")
    func startupTimeout() {
        let patient = ScriptedDrain([.stub("a")], policy: Self.policy { $0.startupTimeout = .seconds(30) })
        patient.script = { _, _ in .init(.away) }
        #expect(patient.run() == .ended)
        #expect(patient.summary?.outcome == .failed && patient.elapsed == .seconds(30))
        let waiting = ScriptedDrain([.stub("a")], deadline: .seconds(100))
        waiting.script = { _, _ in .init(.away) }
        #expect(waiting.run() == .ended)
        #expect(waiting.summary?.outcome == .timedOut && waiting.elapsed == .seconds(100))
        #expect(waiting.sent.count < 60)
    }

    @Test("a refused certificate ends it at once where a person watches")
    func certificate() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { _, _ in .init(.failure(TransportFailure(.certificate, "self-signed certificate"))) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .failed && drain.elapsed < .seconds(1))
        #expect(drain.summary?.reason == "cannot read node node-a: self-signed certificate")
    }

    @Test("refusals end it before anything is touched")
    func refused() {
        let policy = Self.policy { $0.refusals.unmanaged = true }
        let drain = ScriptedDrain([.stub("bare", owner: nil)], policy: policy)
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .failed && drain.summary?.reason.contains("--force") == true)
        #expect(!drain.cluster.node.spec.unschedulable)
        #expect(drain.sent.map(\.request.purpose) == [.readNode, .plan])
    }

    @Test("of many DaemonSets no more are read at once than there are slots, and without spinning")
    func manyDaemonSets() {
        let pods = (0..<12).map { Pod.stub("d\($0)", owner: .daemonSet("set-\($0)")) }
        let drain = ScriptedDrain(pods, policy: Self.policy { $0.concurrency = 2 })
        var inFlight = 0
        var most = 0
        drain.onStep = { _, step in
            inFlight += step.requests.count { if case .daemonSet = $0.purpose { true } else { false } }
            most = max(most, inFlight)
            inFlight -= 1
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.exclusions.count == 12)
        #expect(drain.times { if case .daemonSet = $0.purpose { true } else { false } }.count == 12)
        #expect(most <= 3)
    }

    @Test("a pod whose DaemonSet is gone is an orphan and goes")
    func orphan() {
        let drain = ScriptedDrain([.stub("a", owner: .daemonSet("logs")), .stub("b", owner: .daemonSet("net"))])
        drain.script = { call, _ in
            if case .readDaemonSet(_, "logs") = call { .init(.notFound("daemonsets", "logs")) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.evicted == 1 && drain.exclusions == ["b": .daemonset])
    }

    @Test("a DaemonSet that may not be read is taken to exist")
    func forbiddenDaemonSet() {
        let drain = ScriptedDrain([.stub("a", owner: .daemonSet("logs")), .stub("b")])
        drain.script = { call, _ in
            if case .readDaemonSet = call { .init(Status(code: 403, message: "no")) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.exclusions == ["a": .daemonset] && drain.summary?.outcome == .completed)
    }

    @Test("an API server that goes away in the middle is waited for, and the drain completes")
    func outage() {
        let drain = ScriptedDrain((0..<8).map { .stub("p\($0)") })
        let outage = (ScriptedDrain.epoch + .milliseconds(45))...(ScriptedDrain.epoch + .seconds(300))
        drain.script = { _, now in outage.contains(now) ? .init(.away) : nil }
        drain.brokenWatch = { _, now in
            outage.contains(now) ? .ended(.error, detail: "connection refused", status: nil) : nil
        }
        drain.at(.milliseconds(60)) { $0.endWatch(.error, detail: "reset") }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.total == 8)
        #expect(drain.elapsed > .seconds(300) && drain.elapsed < .seconds(400))
        #expect(drain.sent.count < 600)
    }

    @Test("a throttling server holds up new evictions for as long as it says")
    func throttled() {
        let drain = ScriptedDrain((0..<3).map { .stub("p\($0)") }, policy: Self.policy { $0.concurrency = 1 })
        drain.script = { call, now in
            guard case .evict(let pod, _) = call, pod.name == "p0", now < ScriptedDrain.epoch + .seconds(1) else {
                return nil
            }
            return .init(.throttled, retryAfter: .seconds(10))
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.evicted == 3)
        let others = drain.evictions(of: "p1") + drain.evictions(of: "p2")
        #expect(others.allSatisfy { $0 >= .seconds(10) })
    }

    @Test("of two pods that may not be evicted, one review a namespace is asked for, and its denial ends both")
    func accessDenied() {
        let drain = ScriptedDrain([.stub("a"), .stub("b")])
        drain.script = { call, _ in
            switch call {
            case .evict: .init(.forbidden)
            case .mayEvict: .init(.success(code: 201, .allowed(false)))
            default: nil
            }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .incomplete && drain.summary?.failed == 2)
        #expect(drain.times { if case .reviewAccess = $0.purpose { true } else { false } }.count == 1)
        #expect(drain.elapsed < .seconds(10))
    }

    @Test("what may not be evicted fails after 30 seconds even where no review can be had")
    func noReview() {
        let drain = ScriptedDrain([.stub("a")])
        drain.script = { call, _ in
            switch call {
            case .evict: .init(.forbidden)
            case .mayEvict: .init(Status(code: 403, message: "no"))
            default: nil
            }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .incomplete)
        #expect(drain.elapsed >= .seconds(30) && drain.elapsed < .seconds(60))
    }

    @Test("our own pod goes last, and the drain is complete with it still there")
    func ownPod() throws {
        let policy = Self.policy { $0.selfPod = PodIdentity(namespace: "demo", name: "agent", uid: "agent-uid") }
        let drain = ScriptedDrain([.stub("agent"), .stub("b")], policy: policy)
        drain.termination = { $0.name == "agent" ? nil : .seconds(2) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        let own = try #require(drain.evictions(of: "agent").first)
        #expect(own >= .seconds(2))
        #expect(drain.summary?.remaining.map(\.phase) == [.terminating])
    }

    @Test("the client's dry run plans and touches nothing")
    func dryRunClient() {
        let drain = ScriptedDrain([.stub("a")], policy: Self.policy { $0.dryRun = .client })
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.total == 1)
        #expect(drain.summary?.remaining.isEmpty == true && drain.summary?.leftCordoned == false)
        #expect(drain.sent.map(\.request.purpose) == [.readNode, .plan])
    }

    @Test("the server's dry run asks for everything once, changes nothing, and ends though a pod terminates for ever")
    func dryRunServer() {
        let policy = Self.policy {
            $0.dryRun = .server
            $0.maxTerminating = 1
        }
        let pods: [Pod] = [.stub("a"), .stub("b"), .stub("old", deletion: ScriptedDrain.epoch), .stub("ns")]
        let drain = ScriptedDrain(pods, policy: policy, deadline: nil)
        drain.script = { call, _ in
            switch call {
            case .evict(let pod, _) where pod.name == "b": .init(.budget("web"))
            case .evict(let pod, _) where pod.name == "ns": .init(.namespaceTerminating)
            default: nil
            }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .incomplete && drain.summary?.failed == 1)
        #expect(!drain.cluster.node.spec.unschedulable && drain.cluster.list.items.count == 4)
        #expect(drain.cluster.list.items.count(where: \.isTerminating) == 1)
        #expect(drain.evictions(of: "a").count == 1 && drain.evictions(of: "old").isEmpty)
        #expect(drain.summary?.leftCordoned == false)
    }

    @Test("pods that fail are listed first among those that are left")
    func incomplete() {
        let drain = ScriptedDrain([.stub("a"), .stub("b"), .stub("c")], policy: Self.policy { $0.maxRetries = 2 })
        drain.script = { call, _ in
            if case .evict(let pod, _) = call, pod.name != "a" { .init(.badRequest) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .incomplete && drain.summary?.reason == "2 pods could not be evicted")
        #expect(drain.summary?.remaining.map(\.pod.name) == ["b", "c"])
        #expect(
            drain.summary?.remaining.allSatisfy { $0.phase == .failed && $0.attempts == 3 && $0.message == "no" }
                == true)
        #expect(drain.states.last == .incomplete)
    }

    @Test("a failed pod that somebody else removes before the end makes it complete")
    func failedThenRemoved() {
        let drain = ScriptedDrain([.stub("a"), .stub("b")], policy: Self.policy { $0.maxRetries = 0 })
        drain.script = { call, _ in
            if case .evict(let pod, _) = call, pod.name == "a" { .init(.badRequest) } else { nil }
        }
        drain.at(.seconds(1)) { $0.remove("a-uid") }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.failed == 1)
    }

    @Test("two runs of the same seed are the same, event for event")
    func deterministic() {
        func events(_ seed: UInt64) -> [DrainEvent] {
            let drain = ScriptedDrain((0..<5).map { .stub("p\($0)") }, seed: seed)
            var calls = 0
            drain.script = { call, _ in
                guard case .evict = call else { return nil }
                calls += 1
                return calls % 3 == 0 ? nil : .init(.serverError)
            }
            drain.run()
            return drain.events
        }
        #expect(events(3) == events(3))
        #expect(events(3) != events(4))
    }
}
