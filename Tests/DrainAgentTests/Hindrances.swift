import KubernetesAPI
import TestSupport
import Timestamps

@testable import DrainEngine

/// A drain with a bit of everything that can hold one up, fact by fact.
enum Hindrances {
    static let epoch = ScriptedDrain.epoch
    static let never = Blocker.budget(namespace: "shop", name: "pay")
    static let slow = Blocker.budget(namespace: "shop", name: "web")
    static let webhook = Blocker.webhook(name: "kv.example")

    static func pod(_ index: Int, _ phase: PodPhase = .queued) -> PodFacts {
        PodFacts(
            index: index, pod: Pod.stub("p\(index)").identity, priority: 0, gracePeriodSeconds: 30, tier: .ordinary,
            phase: phase)
    }

    static func move(_ index: Int, to phase: PodPhase, from: PodPhase = .queued, _ blocker: Blocker? = nil)
        -> DrainEvent.Fact
    {
        .podMoved(
            PodMove(
                index: index, pod: pod(index).pod, from: from, to: phase, since: epoch, attempts: 1, blocker: blocker,
                message: blocker == nil ? "" : "not now"))
    }

    static func wait(_ index: Int, _ blocker: Blocker) -> DrainEvent.Fact {
        .waitBegan(
            PodWait(
                index: index, pod: pod(index).pod, number: 1, blocker: blocker, since: epoch, refusals: 1,
                firstMessage: "not now", lastMessage: "not now"))
    }

    /// Eight pods: two gone, one terminating and stuck, one evicting, three blocked by three, one queued.
    static var facts: [DrainEvent.Fact] {
        var start = DrainStart(id: "d", trigger: .command)
        start.deadline = epoch + .seconds(600)
        var facts: [DrainEvent.Fact] = [.began(start, DrainPolicy(node: "node-a")), .stateChanged(.draining)]
        facts += (0..<8).map { .podAdded(pod($0)) }
        facts += [move(0, to: .gone), move(1, to: .gone), move(2, to: .terminating), move(3, to: .evicting)]
        for (index, blocker) in [(4, never), (5, slow), (6, webhook)] {
            facts += [move(index, to: .blocked, blocker), wait(index, blocker)]
        }
        facts += [
            .judged(
                Judgement(
                    blocker: never, verdict: .unsatisfiable, advice: "scale Deployment shop/pay to 2 or more",
                    since: epoch,
                    status: BudgetStatus(
                        observedGeneration: 1, disruptionsAllowed: 0, currentHealthy: 1, desiredHealthy: 1,
                        expectedPods: 1))),
            .stuck(
                pod: 2,
                StuckTermination(reason: .finalizers, detail: "example.com/hold", overdueSince: epoch + .seconds(30))),
            .overrunProjected(.by(.seconds(90))),
            .requestFailed(.list, message: "connect: refused", retryIn: .seconds(1)),
            .volumesAttached(["pvc-1"]),
        ]
        return facts
    }

    static var events: [DrainEvent] { facts.map { DrainEvent(at: epoch, $0) } }

    static var end: DrainEvent {
        DrainEvent(
            at: epoch + .seconds(61),
            .ended(
                DrainSummary(
                    outcome: .timedOut, reason: "6 pods left", total: 8, evicted: 2, vanished: 0, failed: 0,
                    remaining: [],
                    leftCordoned: true)))
    }
}
