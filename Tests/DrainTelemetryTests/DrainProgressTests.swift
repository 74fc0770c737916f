import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("DrainProgress: events as the present state")
struct DrainProgressTests {
    private let rig = Rig()

    private func json() -> [UInt8] {
        var bytes: [UInt8] = []
        JSONLine.append(rig.progress.current.json, to: &bytes)
        return bytes + [UInt8(ascii: "\n")]
    }

    @Test("GET /drain in the middle of a drain")
    func golden() throws {
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        drain.run(limit: .seconds(20))
        let bytes = json()
        #expect(String(decoding: bytes, as: UTF8.self) == (try Golden.text("drain-status.json", renewedFrom: bytes)))
    }

    @Test("before any drain it is idle, and says nothing it does not know")
    func idle() {
        #expect(
            String(decoding: json(), as: UTF8.self).hasPrefix(
                #"{"node":"node-a","state":"idle","state_since":null,"drain_id":null,"trigger":null,"dry_run":"none","#)
        )
    }

    @Test("it follows the machine: counts, states and the end are the same")
    func follows() {
        let drain = ScriptedDrain.busy()
        rig.attach(to: drain)
        let observe = drain.onStep
        drain.onStep = { [rig] drain, step in
            observe(drain, step)
            let status = rig.progress.current
            #expect(status.state == drain.machine.state)
            #expect(PodPhase.allCases.reduce(0) { $0 + status.count($1) } == status.pods.count)
            for move in step.events.compactMap({ if case .podMoved(let move) = $0.fact { move } else { nil } }).suffix(
                1)
            {
                #expect(status.pods[move.index].phase == move.to && status.pods[move.index].attempts == move.attempts)
            }
        }
        drain.at(.seconds(30)) { $0.tell(.cancel(uncordon: false)) }
        #expect(drain.run() == .ended)
        #expect(rig.progress.current.summary == drain.summary)
        #expect(rig.progress.current.excluded.count == 3)
        #expect(rig.progress.current.blockers.isEmpty)
    }

    @Test("blockers come first by how many pods they hold up, then by how long")
    func blockers() {
        let drain = ScriptedDrain((0..<4).map { .stub("p\($0)") }, deadline: .seconds(60))
        drain.script = { call, _ in
            guard case .evict(let pod, _) = call else { return nil }
            let late = pod.name == "p3" ? Duration.seconds(2) : .milliseconds(10)
            return .init(["p0": .webhook("kv"), "p3": .budget("late")][pod.name] ?? .budget("web"), after: late)
        }
        rig.attach(to: drain)
        drain.run(limit: .seconds(4))
        let blockers = rig.progress.current.blockers
        #expect(
            blockers.map(\.blocker) == [
                .budget(namespace: "demo", name: "web"), .webhook(name: "kv"), .budget(namespace: "demo", name: "late"),
            ])
        #expect(blockers.first?.pods.map(\.name) == ["p1", "p2"])
    }

    @Test("an excluded pod that has left is listed no more")
    func exclusionEnds() {
        let pod = Pod.stub("logs").identity
        rig.progress.observe(DrainEvent(at: ScriptedDrain.epoch, .podExcluded(pod, .daemonset)))
        #expect(rig.progress.current.excluded.map(\.reason) == [.daemonset])
        rig.progress.observe(DrainEvent(at: ScriptedDrain.epoch, .exclusionEnded(pod, .daemonset)))
        #expect(rig.progress.current.excluded.isEmpty)
    }

    @Test("the last thing that went wrong is kept for people")
    func lastError() {
        rig.observe(.requestFailed(.list, message: "away", retryIn: .seconds(1)))
        #expect(rig.progress.current.lastError == "away")
    }

    @Test("GET /drain of a drain that meets every obstacle")
    func obstacles() throws {
        Obstacles.drain.forEach(rig.observe)
        rig.observe(.overrunProjected(.by(.seconds(90))))
        let bytes = json()
        #expect(
            String(decoding: bytes, as: UTF8.self) == (try Golden.text("drain-obstacles.json", renewedFrom: bytes)))
    }

    @Test("who only a person can end comes first among the blockers")
    func forGood() {
        rig.observe(Obstacles.began())
        for index in 0..<3 { rig.observe(Obstacles.added(index)) }
        let other = Blocker.budget(namespace: "demo", name: "other")
        rig.observe(.waitBegan(Obstacles.wait(0, other)))
        rig.observe(.waitBegan(Obstacles.wait(1, other)))
        rig.observe(.waitBegan(Obstacles.wait(2)))
        #expect(rig.progress.current.blockers.map(\.blocker) == [other, Obstacles.web])
        rig.observe(Obstacles.judged(.unsatisfiable))
        #expect(rig.progress.current.blockers.map(\.blocker) == [Obstacles.web, other])
        #expect(
            rig.progress.current.obstacles == [
                "budget demo/web (1 pod, unsatisfiable)", "budget demo/other (2 pods, waiting)", "3 pods queued",
            ])
    }

    @Test("a verdict is forgotten when its budget has let everybody go, and kept when the drain gave up")
    func judgements() {
        rig.observe(Obstacles.began())
        for index in 0..<2 {
            rig.observe(Obstacles.added(index))
            rig.observe(.waitBegan(Obstacles.wait(index)))
        }
        rig.observe(Obstacles.judged(.unsatisfiable))
        rig.observe(.waitEnded(Obstacles.wait(0), .allowed))
        #expect(rig.progress.current.judgements.count == 1)
        rig.observe(.waitEnded(Obstacles.wait(1), .abandoned))
        #expect(rig.progress.current.judgements[Obstacles.web]?.verdict == .unsatisfiable)
        rig.observe(.waitBegan(Obstacles.wait(1)))
        rig.observe(.waitEnded(Obstacles.wait(1), .allowed))
        #expect(rig.progress.current.judgements.isEmpty)
    }
}
