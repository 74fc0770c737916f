import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("NodeDrain: what the watch and the lists show")
struct NodeDrainWatchTests {
    private static let epoch = ScriptedDrain.epoch

    /// Pods of which one stays until it is let go, so that there is time.
    private static func slow(_ extra: [Pod] = [], change: (inout DrainPolicy) -> Void = { _ in }) -> ScriptedDrain {
        var policy = DrainPolicy(node: "node-a")
        change(&policy)
        let drain = ScriptedDrain([.stub("slow")] + extra, policy: policy)
        drain.termination = { $0.name == "slow" ? .seconds(60) : .seconds(2) }
        return drain
    }

    @Test("the watch is quicker than the answer: evicted all the same, and counted once")
    func watchFirst() {
        let drain = ScriptedDrain([.stub("a")])
        drain.termination = { _ in .milliseconds(50) }
        drain.script = { [unowned drain] call, _ in
            guard case .evict(let pod, _) = call else { return nil }
            drain.at(drain.elapsed + .milliseconds(20)) { $0.evict(pod) }
            return .init(.created, after: .milliseconds(500))
        }
        #expect(drain.run() == .ended)
        #expect(drain.phases("a") == [.queued, .evicting, .terminating, .gone])
        #expect(drain.finished.map(\.result) == [.evicted])
        #expect(drain.summary?.evicted == 1 && drain.summary?.vanished == 0)
    }

    @Test("a pod that was bound up to two seconds after the cordon is a target like any other")
    func lateTarget() {
        let drain = Self.slow()
        drain.at(.seconds(1)) { $0.put(.stub("late", scheduled: Self.epoch + .seconds(2))) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.evicted == 2 && drain.exclusions.isEmpty)
    }

    @Test("a pod that was bound later has arrived, and is left")
    func arrived() {
        let drain = Self.slow()
        drain.at(.seconds(5)) { $0.put(.stub("late", scheduled: Self.epoch + .seconds(4))) }
        #expect(drain.run() == .ended)
        #expect(drain.exclusions == ["late": .arrived] && drain.evictions(of: "late").isEmpty)
        #expect(drain.summary?.outcome == .completed && drain.summary?.total == 1)
    }

    @Test("arrivals are followed if that is asked for")
    func followed() {
        let drain = Self.slow { $0.followsArrivals = true }
        drain.at(.seconds(5)) { $0.put(.stub("late", scheduled: Self.epoch + .seconds(4))) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.evicted == 2)
    }

    @Test("a late pod is left for the same reasons as an early one")
    func lateExclusions() {
        let drain = Self.slow()
        drain.at(.seconds(5)) {
            $0.put(.stub("logs", owner: .daemonSet("logs")))
            $0.put(.stub("mirror", annotations: [Pod.mirrorAnnotation: "x"]))
        }
        drain.at(.seconds(6)) { $0.remove("logs-uid") }
        #expect(drain.run() == .ended)
        #expect(drain.exclusions == ["logs": .daemonset, "mirror": .mirror])
        #expect(
            drain.events.contains {
                if case .exclusionEnded(let pod, .daemonset) = $0.fact { pod.name == "logs" } else { false }
            })
    }

    @Test("the same name under another UID: the pod we knew is gone, the new one has arrived")
    func nameReuse() {
        let drain = Self.slow([.stub("db-0")])
        drain.termination = { _ in .seconds(60) }
        drain.at(.seconds(5)) {
            // The watch tells of the new one first: the old one's DELETED is still on its way.
            var second = Pod.stub("db-0", uid: "second", scheduled: Self.epoch + .seconds(5))
            second.metadata.resourceVersion = String($0.cluster.version)
            $0.tell(.watch(.pods(node: "node-a"), generation: 1, .event(.added(.pod(second)))))
        }
        #expect(drain.run() == .ended)
        #expect(drain.finished.count { $0.pod.uid == "db-0-uid" } == 1)
        #expect(drain.exclusions["db-0"] == .arrived)
        let first = drain.moves.first { $0.pod.uid == "db-0-uid" && $0.to == .gone }
        #expect(first != nil)
    }

    @Test("a blocked pod that comes back under another UID is answered 409, and is gone")
    func replaced() {
        let drain = ScriptedDrain([.stub("db-0")])
        var blocked = true
        drain.script = { call, _ in
            if case .evict = call, blocked { .init(.webhook("db")) } else { nil }
        }
        drain.watchDelay = .seconds(8)
        drain.at(.seconds(1)) {
            $0.remove("db-0-uid")
            $0.put(.stub("db-0", uid: "second", scheduled: Self.epoch + .seconds(10)))
            blocked = false
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.vanished == 1 && drain.summary?.outcome == .completed)
        #expect(drain.phases("db-0") == [.queued, .evicting, .blocked, .evicting, .gone])
    }

    @Test("the last list finds a pod that was missed: it is drained too")
    func verifyFindsAPod() {
        let drain = ScriptedDrain([.stub("a")])
        var lists = 0
        drain.script = { [unowned drain] call, _ in
            guard case .listPods(_, .consistent) = call else { return nil }
            lists += 1
            if lists == 1 {
                // It was bound in time; only the cached list and the watch missed it.
                let late = Pod.stub("late", scheduled: Self.epoch)
                drain.cluster.put(late, at: drain.now)
                return .init(.success(code: 200, .pods(drain.cluster.list)))
            }
            return nil
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.evicted == 2)
        #expect(lists == 2)
    }

    @Test("a pod that the last list shows again is evicted again")
    func verifyShowsAPodAgain() {
        let drain = ScriptedDrain([.stub("a")])
        var isFirst = true
        drain.script = { call, _ in
            guard case .evict(let pod, _) = call, isFirst else { return nil }
            isFirst = false
            // A proxy's mistake: the pod is there.
            return .init(.noSuchPod(pod))
        }
        #expect(drain.run() == .ended)
        #expect(drain.phases("a") == [.queued, .evicting, .gone, .queued, .evicting, .terminating, .gone])
        #expect(drain.summary?.outcome == .completed && drain.summary?.evicted == 1 && drain.summary?.vanished == 0)
    }

    @Test("an end that is never confirmed is not verified in a tight loop")
    func lyingServer() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(100))
        drain.script = { call, _ in
            if case .evict(let pod, _) = call { .init(.noSuchPod(pod)) } else { nil }
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut)
        #expect(drain.times { $0.purpose == .verify }.count <= 21)
    }

    @Test("a pod that comes while the last list is on its way is not taken for gone")
    func verifyRace() {
        var policy = DrainPolicy(node: "node-a")
        policy.followsArrivals = true
        let drain = ScriptedDrain([.stub("a")], policy: policy)
        drain.script = { [unowned drain] call, _ in
            guard case .listPods(_, .consistent) = call, drain.evictions(of: "late").isEmpty else { return nil }
            // The list is read, then the pod appears, then the answer arrives.
            let reply = ScriptedDrain.Reply(.success(code: 200, .pods(drain.cluster.list)), after: .seconds(1))
            drain.at(drain.elapsed + .milliseconds(100)) { $0.put(.stub("late", scheduled: $0.now)) }
            return reply
        }
        #expect(drain.run() == .ended)
        #expect(drain.phases("late") == [.queued, .evicting, .terminating, .gone])
        #expect(drain.summary?.evicted == 2)
    }

    @Test("a failed pod that leaves while the last list is on its way is gone, though the list shows it")
    func verifyRaceWithGone() {
        var policy = DrainPolicy(node: "node-a")
        policy.maxRetries = 0
        let drain = ScriptedDrain([.stub("a")], policy: policy)
        drain.script = { [unowned drain] call, _ in
            switch call {
            case .evict: return .init(.badRequest)
            case .listPods(_, .consistent):
                let reply = ScriptedDrain.Reply(.success(code: 200, .pods(drain.cluster.list)), after: .seconds(1))
                drain.at(drain.elapsed + .milliseconds(100)) { $0.remove("a-uid") }
                return reply
            default: return nil
            }
        }
        #expect(drain.run() == .ended)
        #expect(drain.phases("a") == [.queued, .evicting, .failed, .gone])
        #expect(drain.summary?.outcome == .completed)
    }

    @Test("a late target is evicted though the last list cannot be had")
    func lateTargetDuringVerify() {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(120))
        drain.script = { call, now in
            if case .listPods(_, .consistent) = call { .init(.serverError) } else { nil }
        }
        drain.at(.seconds(30)) { $0.put(.stub("late", scheduled: Self.epoch)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .timedOut && drain.summary?.evicted == 2)
        #expect(drain.summary?.reason == "the deadline passed before a list could confirm that the pods are gone")
    }

    @Test(
        "an expired watch is relisted, and what it missed is found",
        arguments: [WatchRestart.expired, .closed, .idle, .error])
    func watchEnds(reason: WatchRestart) {
        let drain = Self.slow([.stub("b")])
        drain.at(.seconds(10)) {
            $0.endWatch(reason, status: reason == .expired ? Status(code: 410) : nil)
        }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.evicted == 2)
        #expect(drain.events.contains { if case .watchEnded(reason, _) = $0.fact { true } else { false } })
        #expect(drain.times { $0.purpose == .refresh }.count == (reason == .expired ? 1 : 0))
    }

    @Test("where watches are forbidden, lists every five seconds show what happens")
    func polling() {
        let drain = Self.slow([.stub("b")])
        drain.brokenWatch = { _, _ in .ended(.error, detail: "forbidden", status: Status(code: 403)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && drain.summary?.evicted == 2)
        let polling = drain.events.compactMap { event -> Bool? in
            if case .pollingChanged(let isPolling, _) = event.fact { isPolling } else { nil }
        }
        #expect(polling == [true])
        let lists = drain.times { $0.purpose == .refresh }
        #expect((10...20).contains(lists.count) && drain.elapsed < .seconds(70))
    }

    @Test("a signal of an old watch is not heeded")
    func oldGeneration() {
        let drain = Self.slow()
        drain.at(.seconds(5)) { $0.tell(.watch(.pods(node: "node-a"), generation: 0, .event(.deleted(.stub("slow"))))) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed > .seconds(60))
    }

    @Test("a pod that shows up on another node is gone from ours")
    func otherNode() {
        let drain = Self.slow([.stub("b")])
        drain.at(.seconds(1)) {
            $0.tell(.watch(.pods(node: "node-a"), generation: 1, .event(.modified(.stub("slow", node: "node-b")))))
        }
        drain.at(.seconds(1)) { $0.cluster.remove("slow-uid", at: $0.now) }
        #expect(drain.run() == .ended)
        #expect(drain.elapsed < .seconds(10))
    }
}
