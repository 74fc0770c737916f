import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine
@testable import DrainTelemetry

@Suite("ClusterReport: events as Events and conditions")
struct ClusterReportTests {
    private let epoch = ScriptedDrain.epoch

    private func remarks(_ facts: [DrainEvent.Fact], podEvents: Bool = false) -> [ClusterRemark] {
        var report = ClusterReport(node: "node-a", podEvents: podEvents)
        return facts.flatMap { report.take(DrainEvent(at: epoch, $0)) }
    }

    private func notes(_ facts: [DrainEvent.Fact], podEvents: Bool = false) -> [ClusterNote] {
        remarks(facts, podEvents: podEvents).compactMap { if case .note(let note) = $0 { note } else { nil } }
    }

    private func conditions(_ facts: [DrainEvent.Fact]) -> [[String]] {
        remarks(facts).compactMap { remark in
            guard case .conditions(let values) = remark else { return nil }
            return values.map { "\($0.type)=\($0.status) \($0.reason)" }
        }
    }

    private let cordoned = DrainEvent.Fact.cordon(.cordoned(sent: ScriptedDrain.epoch))

    @Test("a drain that meets every obstacle, reason by reason")
    func everything() {
        let notes = notes(Obstacles.drain.map(\.fact) + [Obstacles.ended(.timedOut, "late")], podEvents: true)
        #expect(
            notes.map(\.key.reason) == [
                .drainResumed, .drainWaiting, .nodeCordoned, .drainBlocked, .drainBlocked, .budgetCannotAllow,
                .drainBlocked, .drainBlocked, .overrunProjected, .overrunProjected, .unblockRefused, .unblockRefused,
                .workloadRestarted, .drainBlocked, .drainBlocked, .drainTurnLost, .stuckTerminating,
                .stuckTerminating, .uncordonedByOther, .drainEvicted, .drainUnblocked, .drainBlocked,
                .podDeletedAtDeadline, .podDeletedAtDeadline, .podDeletedAtDeadline, .podDeletedAtDeadline,
                .drainTimedOut,
            ])
        let budget = notes.first { $0.key.reason == .budgetCannotAllow }
        #expect(
            budget?.message
                == "budget demo/web blocks 2 pods, unsatisfiable: lower minAvailable of demo/web to 1")
        #expect(budget?.key.cause == "budget demo/web")
        #expect(
            notes.last?.message == "after 1m0s: late; 1 evicted, 1 gone by themselves, 0 failed, 0 left")
    }

    @Test("without --pod-events an evicted pod is told nothing, a blocked one is")
    func podEvents() {
        let facts = [
            Obstacles.began(), cordoned, Obstacles.added(0), .waitBegan(Obstacles.wait(0)),
            Obstacles.accepted(0), Obstacles.moved(0, .terminating, .failed),
        ]
        #expect(notes(facts).map(\.key.reason) == [.drainStarted, .nodeCordoned, .drainBlocked])
        #expect(notes(facts, podEvents: true).suffix(2).map(\.key.reason) == [.drainEvicted, .drainEvictionFailed])
    }

    @Test("a blocked pod has 2 s before it is told, and then hears the verdict and the advice")
    func blocked() throws {
        let notes = notes([
            Obstacles.began(), cordoned, Obstacles.added(0), .waitBegan(Obstacles.wait(0)),
            Obstacles.judged(.unsatisfiable),
        ]).filter { $0.key.reason == .drainBlocked }
        #expect(notes.map(\.due) == [epoch + .seconds(2), epoch + .seconds(2)])
        #expect(notes.map(\.isUpdate) == [false, true])
        #expect(notes.first?.key == notes.last?.key)
        #expect(
            notes.last?.message
                == "node node-a is drained, and budget demo/web says not now (unsatisfiable): "
                + "lower minAvailable of demo/web to 1")
    }

    @Test(
        "of a dry run, and of a plan, nothing is said",
        arguments: [DrainPolicy.DryRun.client, .server, .none])
    func dryRun(mode: DrainPolicy.DryRun) {
        let began = Obstacles.began { policy, _ in
            policy.dryRun = mode
            policy.surveysOnly = mode == .none
        }
        #expect(remarks([began] + Obstacles.drain.dropFirst().map(\.fact)).isEmpty)
    }

    @Test("of a drain that ends before it has touched anything nothing is said")
    func untouched() {
        #expect(remarks([Obstacles.began(), .nodeSeen(unschedulable: false), Obstacles.ended(.failed)]).isEmpty)
    }

    @Test(
        "the conditions follow the drain from its first touch to its outcome",
        arguments: [
            (DrainOutcome.completed, "True DrainCompleted"), (.incomplete, "False DrainIncomplete"),
            (.timedOut, "False DrainTimedOut"), (.cancelled, "False DrainCancelled"), (.failed, "False DrainFailed"),
        ])
    func conditions(outcome: DrainOutcome, drained: String) {
        let reason = drained.split(separator: " ")[1]
        #expect(
            conditions([
                Obstacles.began(), .cordon(.alreadyCordoned), .stateChanged(.draining), Obstacles.ended(outcome),
            ]) == [
                ["DrainInProgress=True DrainStarted", "Drained=False DrainStarted"],
                ["DrainInProgress=False \(reason)", "Drained=\(drained)"],
            ])
    }

    @Test("who waits for a turn is not being drained yet; a node that is schedulable again is not drained")
    func edges() {
        #expect(
            conditions([Obstacles.began(), .turn(.waiting(place: 0, holders: [])), Obstacles.ended(.cancelled)])
                .isEmpty)
        #expect(conditions([.cordon(.uncordoned)]) == [["Drained=False NodeUncordoned"]])
    }

    @Test("a resumed drain says so, in its first Event and in its condition")
    func resumed() {
        let facts = [Obstacles.began { $1.resumes = Obstacles.record }, .stateChanged(.draining)]
        #expect(
            notes(facts).map(\.message) == [
                "drain-1 goes on, begun at 2027-01-15T07:59:00Z, to end by 2027-01-15T08:10:00Z"
            ])
        #expect(conditions(facts).first?.first == "DrainInProgress=True DrainResumed")
    }

    @Test("a place in the queue is told as people count, with those who are before")
    func waiting() {
        let messages = notes([
            Obstacles.began(), .turn(.waiting(place: 2, holders: ["node-b", "node-c"])),
            .turn(.waiting(place: 2, holders: ["node-b", "node-c"])), .turn(.waiting(place: 0, holders: ["node-c"])),
        ]).dropFirst().map(\.message)
        #expect(
            messages == [
                "the node waits for its turn: 2 are before it; being drained: node-b, node-c",
                "the node waits for its turn: it is the next; being drained: node-c",
            ])
    }
}
