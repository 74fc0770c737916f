import DrainTelemetry
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

@Suite struct LiveDisplayTests {
    private func status(after time: Duration, _ prepare: (ScriptedDrain) -> Void = { _ in }) -> DrainStatus {
        let drain = ScriptedDrain([.stub("web-1"), .stub("web-2"), .stub("web-3")])
        prepare(drain)
        drain.run(limit: time)
        let progress = DrainProgress(node: "node-a")
        drain.events.forEach(progress.observe)
        return progress.current
    }

    @Test("before anything is known the bar is empty")
    func empty() {
        let status = DrainProgress(node: "node-a").current
        #expect(LiveDisplay.statusLine(status, at: ScriptedDrain.epoch) == "[------------------------]  0/0 gone")
    }

    @Test("the bar grows with the pods that are gone, and blockers are named")
    func blocked() {
        let status = status(after: .seconds(4)) { drain in
            drain.script = { call, _ in
                if case .evict(let pod, _) = call, pod.name == "web-3" { .init(.budget("web")) } else { nil }
            }
        }
        #expect(
            LiveDisplay.statusLine(status, at: ScriptedDrain.epoch + .seconds(4))
                == "[################--------]  2/3 gone  1 blocked by budget demo/web  4s")
    }

    @Test("pods on their way are counted by what they are doing")
    func terminating() {
        let status = status(after: .seconds(1))
        #expect(
            LiveDisplay.statusLine(status, at: ScriptedDrain.epoch + .seconds(1))
                == "[------------------------]  0/3 gone  3 terminating  1s")
    }

    @Test("verdicts, stuck pods, the turn that is waited for and the lateness stand in the line")
    func obstacles() {
        let progress = DrainProgress(node: "node-a")
        let budget = Blocker.budget(namespace: "demo", name: "web")
        let epoch = ScriptedDrain.epoch
        let pods = [PodPhase.blocked, .terminating].enumerated().map { index, phase in
            PodFacts(
                index: index, pod: Pod.stub("p\(index)").identity, priority: 0, gracePeriodSeconds: 30, tier: .ordinary,
                phase: phase)
        }
        let wait = PodWait(
            index: 0, pod: Pod.stub("p0").identity, number: 1, blocker: budget, since: epoch, refusals: 1,
            firstMessage: "", lastMessage: "")
        let facts: [DrainEvent.Fact] =
            pods.map { .podAdded($0) } + [
                .waitBegan(wait), .judged(Judgement(blocker: budget, verdict: .unsatisfiable, since: epoch)),
                .stuck(pod: 1, StuckTermination(reason: .unknown, detail: "", overdueSince: epoch)),
                .turn(.waiting(place: 1, holders: ["node-b"])), .overrunProjected(.by(.seconds(90))),
            ]
        for fact in facts { progress.observe(DrainEvent(at: epoch, fact)) }
        #expect(
            LiveDisplay.statusLine(progress.current, at: epoch)
                == "[------------------------]  0/2 gone  1 terminating  1 blocked by budget demo/web (unsatisfiable)  "
                + "1 stuck  waits for its turn (place 2)  late by 1m30s")
        progress.observe(DrainEvent(at: epoch, .overrunProjected(.never)))
        #expect(LiveDisplay.statusLine(progress.current, at: epoch).hasSuffix("never done"))
    }
}
