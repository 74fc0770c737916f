import DrainTelemetry
import KubernetesAPI
import Telemetry
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("BudgetSeries: a budget's gauges are there while it blocks")
struct BudgetSeriesTests {
    private let rig = Rig()

    private func wait(_ index: Int, _ blocker: Blocker, since: Int = 0) -> PodWait {
        PodWait(
            index: index, pod: Pod.stub("p\(index)").identity, number: 1, blocker: blocker,
            since: ScriptedDrain.epoch + .seconds(since), refusals: 1, firstMessage: "", lastMessage: "")
    }

    private func observe(_ fact: DrainEvent.Fact, at offset: Duration = .zero) {
        rig.metrics.observe(DrainEvent(at: ScriptedDrain.epoch + offset, fact))
    }

    private func budget(_ number: Int) -> Blocker { .budget(namespace: "demo", name: "b\(number)") }

    private func labels(_ number: Int) -> [String: String] { ["pdb_namespace": "demo", "pdb": "b\(number)"] }

    private func blocked(_ number: Int) -> Double? { rig.value("drain_pdb_blocked_pods", labels(number)) }

    private func waitStart(_ number: Int) -> Double? {
        rig.value("drain_pdb_wait_start_timestamp_seconds", labels(number))
    }

    @Test("they appear with the first refusal, show the longest wait, and disappear with the last pod")
    func appearAndDisappear() {
        #expect(blocked(1) == nil)
        observe(.waitBegan(wait(0, budget(1), since: 5)))
        observe(.waitBegan(wait(1, budget(1), since: 3)))
        #expect(blocked(1) == 2)
        #expect(waitStart(1) == (ScriptedDrain.epoch + .seconds(3)).seconds)
        observe(.waitEnded(wait(1, budget(1), since: 3), .allowed), at: .seconds(9))
        #expect(blocked(1) == 1)
        #expect(waitStart(1) == (ScriptedDrain.epoch + .seconds(5)).seconds)
        observe(.waitEnded(wait(0, budget(1), since: 5), .abandoned), at: .seconds(9))
        #expect(blocked(1) == nil && waitStart(1) == nil)
        #expect(rig.value("drain_pdb_wait_duration_seconds_sum", ["outcome": "allowed"]) == 6)
        #expect(rig.value("drain_pdb_wait_duration_seconds_sum", ["outcome": "abandoned"]) == 4)
    }

    @Test("no more than 20 are shown; the rest are counted, and move up in the order of their coming")
    func cap() {
        for number in 0..<23 { observe(.waitBegan(wait(number, budget(number)))) }
        #expect((0..<23).filter { blocked($0) != nil } == Array(0..<20))
        #expect(rig.value("drain_pdb_series_suppressed") == 3)
        observe(.waitEnded(wait(4, budget(4)), .allowed))
        #expect(blocked(4) == nil && blocked(20) == 1 && blocked(21) == nil)
        #expect(rig.value("drain_pdb_series_suppressed") == 2)
        // One that is not shown goes: nothing moves up.
        observe(.waitEnded(wait(21, budget(21)), .allowed))
        #expect(rig.value("drain_pdb_series_suppressed") == 1 && blocked(22) == nil)
        observe(.waitEnded(wait(0, budget(0)), .allowed))
        #expect(blocked(22) == 1 && waitStart(22) == ScriptedDrain.epoch.seconds)
        #expect(rig.value("drain_pdb_series_suppressed") == 0)
    }

    @Test(
        "a verdict that only a person can end is a 1, whether it comes before the wait or after; it goes with the wait",
        arguments: BudgetVerdict.allCases, [true, false])
    func verdicts(verdict: BudgetVerdict, isFirst: Bool) {
        func unsatisfiable() -> Double? { rig.value("drain_pdb_unsatisfiable", labels(1)) }
        let judged = DrainEvent.Fact.judged(
            Judgement(blocker: budget(1), verdict: verdict, since: ScriptedDrain.epoch))
        let began = DrainEvent.Fact.waitBegan(wait(0, budget(1)))
        for fact in isFirst ? [judged, began] : [began, judged] { observe(fact) }
        #expect(unsatisfiable() == (verdict == .unsatisfiable || verdict == .misconfigured ? 1 : 0))
        observe(.judged(Judgement(blocker: budget(1), verdict: .waiting, since: ScriptedDrain.epoch)))
        #expect(unsatisfiable() == 0)
        observe(judged)
        observe(.waitEnded(wait(0, budget(1)), .allowed))
        #expect(unsatisfiable() == nil)
        observe(began)
        #expect(unsatisfiable() == 0)
    }

    @Test("a verdict on a budget that has no series has none either")
    func hiddenVerdict() {
        for number in 0..<21 { observe(.waitBegan(wait(number, budget(number)))) }
        observe(.judged(Judgement(blocker: budget(20), verdict: .unsatisfiable, since: ScriptedDrain.epoch)))
        #expect(rig.value("drain_pdb_unsatisfiable", labels(20)) == nil)
        observe(.waitEnded(wait(0, budget(0)), .allowed))
        #expect(rig.value("drain_pdb_unsatisfiable", labels(20)) == 1)
    }

    @Test(
        "a webhook and several budgets at once have no series: no budget can be named",
        arguments: [Blocker.webhook(name: "kv"), .severalBudgets(namespace: "demo")])
    func noBudget(blocker: Blocker) {
        observe(.waitBegan(wait(0, blocker)))
        observe(.waitEnded(wait(0, blocker), .allowed), at: .seconds(5))
        #expect(!rig.registry.collect().contains { $0.name.hasPrefix("drain_pdb_blocked") })
        #expect(rig.value("drain_pdb_wait_duration_seconds_count", ["outcome": "allowed"]) == 0)
    }

    @Test("the same name in another namespace is another budget")
    func namespaces() {
        observe(.waitBegan(wait(0, budget(1))))
        observe(.waitBegan(wait(1, .budget(namespace: "other", name: "b1"))))
        #expect(blocked(1) == 1)
        #expect(rig.value("drain_pdb_blocked_pods", ["pdb_namespace": "other", "pdb": "b1"]) == 1)
    }
}
