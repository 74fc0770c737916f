import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("Projection: will it be done in time?")
struct ProjectionTests {
    private static let epoch = ScriptedDrain.epoch
    private static let budget = Blocker.budget(namespace: "demo", name: "web")

    private var pace = Pace()
    private var policy = DrainPolicy(node: "node-a")

    private mutating func add(
        _ index: Int, tier: PodTier = .ordinary, phase: PodPhase = .queued, at seconds: Int = 0
    ) {
        let pod = Pod.stub("p\(index)").identity
        pace.note(
            .podAdded(
                PodFacts(index: index, pod: pod, priority: 0, gracePeriodSeconds: 30, tier: tier, phase: phase)),
            at: Self.epoch + .seconds(seconds))
    }

    private mutating func move(_ index: Int, _ from: PodPhase, _ to: PodPhase, since: Int = 0, at seconds: Int) {
        pace.note(
            .podMoved(
                PodMove(
                    index: index, pod: Pod.stub("p\(index)").identity, from: from, to: to,
                    since: Self.epoch + .seconds(since), attempts: 1, message: "")),
            at: Self.epoch + .seconds(seconds))
    }

    private mutating func wait(_ index: Int, since seconds: Int) -> PodWait {
        PodWait(
            index: index, pod: Pod.stub("p\(index)").identity, number: 1, blocker: Self.budget,
            since: Self.epoch + .seconds(seconds), refusals: 1, firstMessage: "", lastMessage: "")
    }

    private mutating func block(_ index: Int, at seconds: Int) {
        move(index, .evicting, .blocked, at: seconds)
        pace.note(.waitBegan(wait(index, since: seconds)), at: Self.epoch + .seconds(seconds))
    }

    /// Seconds from the epoch; `nil`: never.
    private func end(at seconds: Int) -> Duration? {
        Projection.end(pace, policy: policy, at: Self.epoch + .seconds(seconds)).map { $0 - Self.epoch }
    }

    @Test("nothing left: it is done now")
    func empty() { #expect(end(at: 7) == .seconds(7)) }

    @Test("what terminates is expected to take as long as most did, then as long again, and to end with its grace")
    mutating func terminating() {
        add(0)
        move(0, .evicting, .terminating, at: 0)
        pace.note(.deletionExpected(pod: 0, by: Self.epoch + .seconds(30), finalizers: []), at: Self.epoch)
        #expect(end(at: 1) == .seconds(2))
        #expect(end(at: 5) == .seconds(10))
        #expect(end(at: 20) == .seconds(30))
        #expect(end(at: 50) == .seconds(70))
        add(1)
        move(1, .terminating, .gone, since: 0, at: 8)
        #expect(pace.usualTermination == .seconds(8))
        #expect(end(at: 5) == .seconds(8))
    }

    @Test("a budget lets pods go as fast as it has so far")
    mutating func rate() {
        for index in 0..<10 {
            add(index)
            block(index, at: 0)
        }
        // None yet: one in so long as it has lasted.
        #expect(end(at: 3) == .seconds(3 + 30 + 2))
        for index in 0..<5 {
            let wait = wait(index, since: 0)
            pace.note(.waitEnded(wait, .allowed), at: Self.epoch + .seconds(4))
            move(index, .evicting, .terminating, since: 0, at: 4)
            move(index, .terminating, .gone, since: 4, at: 5)
        }
        // Five in ten seconds, five left, and a second to stop.
        #expect(end(at: 10) == .seconds(10 + 10 + 1))
    }

    @Test("what can never be allowed never ends, unless it is being helped")
    mutating func never() {
        add(0)
        block(0, at: 0)
        for verdict in [BudgetVerdict.unsatisfiable, .misconfigured] {
            pace.note(.judged(Judgement(blocker: Self.budget, verdict: verdict, since: Self.epoch)), at: Self.epoch)
            #expect(end(at: 3) == nil)
            #expect(
                Projection.overrun(
                    pace, policy: policy, deadline: Self.epoch + .seconds(900), at: Self.epoch + .seconds(3)) == .never)
        }
        pace.note(.judged(Judgement(blocker: Self.budget, verdict: .waiting, since: Self.epoch)), at: Self.epoch)
        #expect(end(at: 3) == .seconds(8))
        pace.note(.judged(Judgement(blocker: Self.budget, verdict: .unsatisfiable, since: Self.epoch)), at: Self.epoch)
        let step = UnblockStep(
            owner: Workload.Key(kind: .deployment, namespace: "demo", name: "web"),
            budget: BudgetKey(namespace: "demo", name: "web"), result: .restarted)
        pace.note(.unblock(step), at: Self.epoch)
        #expect(end(at: 3) == .seconds(8))
    }

    @Test("tiers follow each other, and wait for a blocked one for as long as their patience lasts")
    mutating func tiers() {
        add(0)
        add(1, tier: .clusterCritical)
        add(2, tier: .nodeCritical)
        #expect(end(at: 0) == .seconds(6))
        policy.order = .none
        #expect(end(at: 0) == .seconds(2))
        policy.order = .priority
        block(0, at: 0)
        // At 100 s it is expected at 202 s; the others go on after a minute.
        #expect(end(at: 100) == .seconds(202))
    }

    @Test("a bound on what goes at once makes rounds")
    mutating func rounds() {
        policy.maxTerminating = 2
        for index in 0..<5 { add(index) }
        #expect(end(at: 0) == .seconds(6))
    }

    @Test("an overrun is what lies beyond the deadline")
    mutating func overrun() {
        add(0)
        let overruns = [1, 2, 3].map {
            Projection.overrun(pace, policy: policy, deadline: Self.epoch + .seconds($0), at: Self.epoch)
        }
        #expect(overruns == [.by(.seconds(1)), nil, nil])
    }

    private static func told(_ drain: ScriptedDrain) -> [(at: Duration, overrun: Projection.Overrun?)] {
        drain.events.compactMap { event in
            guard case .overrunProjected(let overrun) = event.fact else { return nil }
            return (event.at - epoch, overrun)
        }
    }

    @Test("a drain that goes well never hears of it", arguments: [1, 5, 12])
    func goesWell(seconds: Int) {
        let drain = ScriptedDrain((0..<20).map { .stub("p\($0)") }, deadline: .seconds(27))
        drain.termination = { _ in .seconds(seconds) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed && Self.told(drain).isEmpty)
    }

    @Test("a pod that hangs is warned of before the deadline, and not every five seconds")
    func hangs() throws {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(600))
        drain.termination = { _ in nil }
        #expect(drain.run() == .ended)
        let told = Self.told(drain)
        let first = try #require(told.first)
        #expect(first.at < .seconds(400) && first.overrun != nil && told.count < 40)
    }

    @Test("a drain that waits for a slow webhook is warned of by half of its time")
    func webhook() throws {
        let drain = ScriptedDrain([.stub("a")], deadline: .seconds(100))
        drain.script = { call, _ in if case .evict = call { .init(.webhook("w")) } else { nil } }
        #expect(drain.run() == .ended)
        let first = try #require(Self.told(drain).first)
        #expect(first.at <= .seconds(60))
    }

    @Test("without a deadline nothing is projected, and one that is taken away takes the warning along")
    func withoutDeadline() {
        let drain = ScriptedDrain([.stub("a")], deadline: nil)
        drain.termination = { _ in .seconds(2000) }
        drain.at(.seconds(1000)) { $0.tell(.deadline(Self.epoch + .seconds(1060))) }
        drain.at(.seconds(1040)) { $0.tell(.deadline(nil)) }
        #expect(drain.run() == .ended)
        #expect(drain.summary?.outcome == .completed)
        let told = Self.told(drain)
        #expect(told.count == 2 && told.allSatisfy { $0.at >= .seconds(1000) && $0.at <= .seconds(1040) })
        #expect(told.first?.overrun != nil && told.last?.overrun == nil)
    }
}
