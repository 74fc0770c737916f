import KubernetesAPI
import TestSupport
import Timestamps

@testable import DrainEngine

/// Facts that hold a drain up, and a drain that meets them all.
enum Obstacles {
    static let web = Blocker.budget(namespace: "demo", name: "web")
    static let owner = Workload.Key(kind: .deployment, namespace: "demo", name: "web")
    static let record = DrainRecord(
        agent: "agent-a", id: "drain-1", trigger: .sigterm, started: ScriptedDrain.epoch + .seconds(-60),
        bootID: "boot", cordoned: true, total: 3)

    static func pod(_ index: Int) -> PodIdentity { Pod.stub("p\(index)").identity }

    static func added(_ index: Int, tier: PodTier = .ordinary, phase: PodPhase = .queued) -> DrainEvent.Fact {
        .podAdded(
            PodFacts(index: index, pod: pod(index), priority: 0, gracePeriodSeconds: 30, tier: tier, phase: phase))
    }

    static func wait(
        _ index: Int, _ blocker: Blocker = web, since: Duration = .zero, refusals: Int = 1
    ) -> PodWait {
        let message = refusals > 0 ? "needs 2 healthy pods and has 2" : ""
        return PodWait(
            index: index, pod: pod(index), number: 1, blocker: blocker, since: ScriptedDrain.epoch + since,
            refusals: refusals, firstMessage: message, lastMessage: message)
    }

    static func judged(
        _ verdict: BudgetVerdict, _ blocker: Blocker = web, advice: String = "lower minAvailable of demo/web to 1"
    ) -> DrainEvent.Fact {
        .judged(
            Judgement(
                blocker: blocker, verdict: verdict, advice: verdict == .waiting ? "" : advice,
                since: ScriptedDrain.epoch,
                status: BudgetStatus(disruptionsAllowed: 0, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2)))
    }

    static func stuck(_ index: Int, _ reason: StuckTermination.Reason?, _ detail: String = "x") -> DrainEvent.Fact {
        .stuck(
            pod: index, reason.map { StuckTermination(reason: $0, detail: detail, overdueSince: ScriptedDrain.epoch) })
    }

    static func unblock(_ result: UnblockStep.Result) -> DrainEvent.Fact {
        .unblock(UnblockStep(owner: owner, budget: BudgetKey(namespace: "demo", name: "web"), result: result))
    }

    static func deleted(_ index: Int, problem: String = "") -> DrainEvent.Fact {
        .deletedAtDeadline(
            DeadlineDeletion(index: index, pod: pod(index), gracePeriodSeconds: 20, problem: problem))
    }

    static func moved(
        _ index: Int, _ from: PodPhase, _ to: PodPhase, attempts: Int = 1, answer: EvictionAnswer? = nil
    ) -> DrainEvent.Fact {
        .podMoved(
            PodMove(
                index: index, pod: pod(index), from: from, to: to, since: ScriptedDrain.epoch, attempts: attempts,
                answer: answer, message: ""))
    }

    static func accepted(_ index: Int, at offset: Duration = .zero) -> DrainEvent.Fact {
        let now = ScriptedDrain.epoch + offset
        let exchange = Exchange(answer: .created, sent: now, received: now)
        return .evictionAnswered(
            EvictionAttempt(
                index: index, pod: pod(index), number: 1, call: .evict(pod(index), DeleteOptions()),
                reply: EvictionReply(.accepted), exchange: exchange))
    }

    static func ended(_ outcome: DrainOutcome, _ reason: String = "") -> DrainEvent.Fact {
        .ended(
            DrainSummary(
                outcome: outcome, reason: reason, total: 3, evicted: 1, vanished: 1, failed: 0, remaining: [],
                leftCordoned: true))
    }

    static func began(_ change: (inout DrainPolicy, inout DrainStart) -> Void = { _, _ in }) -> DrainEvent.Fact {
        var policy = DrainPolicy(node: "node-a")
        var start = DrainStart(id: "drain-1", trigger: .sigterm, deadline: ScriptedDrain.epoch + .seconds(600))
        change(&policy, &start)
        return .began(start, policy)
    }

    static let forecast = Forecast(
        node: "node-a",
        pods: [
            .init(pod: pod(0), tier: .ordinary, outlook: .now, answer: .accepted, message: ""),
            .init(pod: pod(1), tier: .ordinary, outlook: .blocked(by: web, round: 1), answer: .budget, message: ""),
            .init(pod: pod(2), tier: .ordinary, outlook: .never(reason: "no"), answer: .budget, message: ""),
        ], budgets: [])

    /// A drain that was resumed, waits for its turn, is blocked for good, stuck and late, one fact a second.
    static let drain: [DrainEvent] = [
        began { $1.resumes = record }, .resumed(record), .nodeSeen(unschedulable: false), .stateChanged(.waiting),
        .turn(.waiting(place: 1, holders: ["node-b"])), .turn(.held(lease: "slot-0")), .surveyed(forecast),
        .stateChanged(.cordoning), .cordon(.cordoned(sent: ScriptedDrain.epoch)), .stateChanged(.draining),
        .planned(pods: 4, excluded: 1), .podExcluded(Pod.stub("kept").identity, .annotation),
        .annotationIgnored(pod(0), annotation: "drain-agent.dev/order", problem: "\"x\" is no number"),
        added(0), added(1), added(2, tier: .clusterCritical), added(3, phase: .terminating),
        moved(0, .queued, .evicting), moved(0, .evicting, .blocked, answer: .budget),
        .waitBegan(wait(0, since: .seconds(19))),
        moved(1, .queued, .blocked, attempts: 0), .waitBegan(wait(1, since: .seconds(21), refusals: 0)),
        judged(.waiting), judged(.unsatisfiable), judged(.unsatisfiable, advice: "lower minAvailable to 0"),
        .budgetWatchChanged(namespace: "demo", isLive: false, reason: "forbidden"),
        .overrunProjected(.by(.seconds(90))), .overrunProjected(.by(.seconds(95))), .overrunProjected(.never),
        unblock(.refused(reason: "StatefulSet")), unblock(.failed(message: "403")), unblock(.restarted),
        judged(.waiting), .budgetWatchChanged(namespace: "demo", isLive: true, reason: ""), .overrunProjected(nil),
        .turn(.lost(reason: "expired")), .turn(.held(lease: "slot-0")), .tierStarted(.clusterCritical),
        stuck(3, .finalizers), stuck(3, .finalizers, "y"), stuck(3, nil), stuck(3, .volumeAttached),
        .volumesAttached(["pv-1"]), .volumesAttached([]), .uncordonedByOthers(recordons: true),
        moved(1, .blocked, .evicting), accepted(1, at: .seconds(46)),
        moved(1, .evicting, .terminating, answer: .accepted),
        .waitEnded(wait(1, since: .seconds(21), refusals: 0), .allowed), judged(.unhealthy), deleted(0),
        deleted(2, problem: "403"),
    ].enumerated().map { DrainEvent(at: ScriptedDrain.epoch + .seconds($0.offset), $0.element) }
}

extension Rig {
    /// A rig that was told all of it.
    static func withObstacles() -> Rig {
        let rig = Rig()
        Obstacles.drain.forEach(rig.observe)
        return rig
    }
}
