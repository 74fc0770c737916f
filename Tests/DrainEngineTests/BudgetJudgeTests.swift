import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("BudgetJudge: can a budget ever allow?")
struct BudgetJudgeTests {
    private static let start = ScriptedDrain.epoch
    private static let key = BudgetKey(namespace: "demo", name: "web")

    private static func budget(_ change: (inout Budget) -> Void = { _ in }) -> Budget {
        var budget = Budget.stub(maxUnavailable: 1, of: 3)
        budget.status.disruptionsAllowed = 0
        budget.status.currentHealthy = 2
        change(&budget)
        return budget
    }

    /// A review that has come to this end.
    private static func review(_ pods: [Pod], workloads: [Workload] = []) -> BudgetReview {
        var review = BudgetReview(key)
        _ = review.begin(budget())
        var asked = review.podsListed(
            Exchange(
                answer: .success(code: 200, .pods(PodList(resourceVersion: "1", items: pods))), sent: start,
                received: start))
        while let request = asked.popLast() {
            guard case .budgetOwner(_, let workload) = request.purpose else { continue }
            let found = workloads.first { $0.metadata.name == workload.name }
            let answer: Exchange.Answer =
                found.map { .success(code: 200, .workload($0)) } ?? .refusal(Status(code: 404))
            asked += review.ownerRead(workload, Exchange(answer: answer, sent: start, received: start))
        }
        return review
    }

    private static func verdict(
        _ budget: Budget, _ review: BudgetReview = BudgetReview(key), after time: Duration = .zero
    ) -> BudgetVerdict {
        var judge = BudgetJudge()
        judge.seen(budget, at: start)
        return judge.verdict(review, at: start + time)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var change: @Sendable (inout Budget) -> Void
        /// The verdict, and how long it takes until it is that.
        var verdict: BudgetVerdict
        var after: Duration

        init(
            _ name: String, _ verdict: BudgetVerdict, after: Duration = .zero,
            _ change: @escaping @Sendable (inout Budget) -> Void
        ) {
            testDescription = name
            self.change = change
            self.verdict = verdict
            self.after = after
        }
    }

    private static let rows = [
        Row("a pod is being replaced", .waiting) { $0.status.currentHealthy = 2 },
        Row("maxUnavailable 0", .unsatisfiable) { $0.status.desiredHealthy = 3 },
        Row("a percentage that rounds up to all", .unsatisfiable) {
            $0.spec.maxUnavailable = nil
            $0.spec.minAvailable = .percent(90)
            $0.status.desiredHealthy = 3
        },
        Row("fewer healthy than it wants, for a minute", .unhealthy, after: .seconds(60)) {
            $0.status.currentHealthy = 1
        },
        Row("a failed sync", .misconfigured, after: .seconds(30)) {
            $0.status.conditions = [
                Condition(type: "DisruptionAllowed", status: "False", reason: "SyncFailed", message: "no scale")
            ]
        },
        Row("a status of another spec", .misconfigured, after: .seconds(30)) { $0.metadata.generation = 2 },
        Row("a zeroed allowance over counts that would allow", .misconfigured, after: .seconds(30)) {
            $0.status.currentHealthy = 3
        },
        Row("it counts no pods", .misconfigured, after: .seconds(5)) { $0.status.expectedPods = 0 },
    ]

    @Test("each verdict is made when its time has come, and not before", arguments: rows)
    func verdicts(row: Row) {
        let budget = Self.budget(row.change)
        #expect(Self.verdict(budget, after: row.after) == row.verdict)
        if row.after > .zero { #expect(Self.verdict(budget, after: row.after - .milliseconds(1)) == .waiting) }
    }

    @Test("a sync that fails once is no false alarm, and the next failure counts from its own beginning")
    func failsOnce() {
        var judge = BudgetJudge()
        let failed = Self.budget {
            $0.status.conditions = [Condition(type: "DisruptionAllowed", status: "False", reason: "SyncFailed")]
        }
        judge.seen(failed, at: Self.start)
        judge.seen(Self.budget(), at: Self.start + .seconds(10))
        #expect(judge.verdict(BudgetReview(Self.key), at: Self.start + .seconds(40)) == .waiting)
        judge.seen(failed, at: Self.start + .seconds(20))
        #expect(judge.verdict(BudgetReview(Self.key), at: Self.start + .seconds(49)) == .waiting)
        #expect(judge.verdict(BudgetReview(Self.key), at: Self.start + .seconds(50)) == .misconfigured)
    }

    @Test("stale counts of a failed sync are not believed, whatever they would say")
    func staleCounts() {
        let stale = Self.budget {
            $0.metadata.generation = 2
            $0.status.desiredHealthy = 3
        }
        #expect(Self.verdict(stale, after: .seconds(29)) == .waiting)
    }

    @Test("nobody may read it: refusals that say it is not processed make it misconfigured after 30 s")
    func unreadable() {
        var judge = BudgetJudge()
        let words = "The disruption budget web is still being processed by the server."
        judge.refused(words, at: Self.start)
        judge.refused(words, at: Self.start + .seconds(30))
        #expect(judge.verdict(BudgetReview(Self.key), at: Self.start + .seconds(30)) == .misconfigured)
        judge.refused(
            "The disruption budget web needs 2 healthy pods and has 2 currently", at: Self.start + .seconds(31))
        #expect(judge.verdict(BudgetReview(Self.key), at: Self.start + .seconds(90)) == .waiting)
    }

    struct OwnersRow: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var pods: [Pod]
        var replicas: Int?
        var verdict: BudgetVerdict
    }

    private static let owned = Pod.stub("web-0", labels: ["app": "web"]).ready()

    private static let ownersRows = [
        OwnersRow(testDescription: "one replica", pods: [owned], replicas: 1, verdict: .unsatisfiable),
        OwnersRow(testDescription: "two replicas", pods: [owned], replicas: 2, verdict: .waiting),
        OwnersRow(
            testDescription: "one replica, and a failed pod beside it",
            pods: [owned, .stub("web-1", labels: ["app": "web"], phase: "Failed")], replicas: 1, verdict: .unsatisfiable
        ),
        OwnersRow(
            testDescription: "one replica, and a living pod without an owner",
            pods: [owned, Pod.stub("bare", owner: nil, labels: ["app": "web"]).ready()], replicas: 1, verdict: .waiting),
        OwnersRow(
            testDescription: "an owner that cannot be read: expectedPods must do", pods: [owned], replicas: nil,
            verdict: .waiting),
    ]

    @Test("an integer minAvailable is measured against what the owners keep", arguments: ownersRows)
    func owners(row: OwnersRow) {
        let budget = Self.budget {
            $0.spec.maxUnavailable = nil
            $0.spec.minAvailable = .int(1)
            $0.status.desiredHealthy = 1
            $0.status.currentHealthy = 1
            $0.status.expectedPods = 2
        }
        let workloads = row.replicas.map {
            [Workload(metadata: ObjectMeta(name: "web", namespace: "demo"), spec: Workload.Spec(replicas: $0))]
        }
        #expect(Self.verdict(budget, Self.review(row.pods, workloads: workloads ?? [])) == row.verdict)
        // Until they are known nothing is said.
        #expect(Self.verdict(budget) == .waiting)
    }

    @Test("each fault has its own time: one that has only just followed another is no alarm")
    func faultAfterFault() {
        var judge = BudgetJudge()
        judge.seen(Self.budget { $0.metadata.generation = 2 }, at: Self.start)
        judge.seen(Self.budget { $0.status.expectedPods = 0 }, at: Self.start + .seconds(10))
        #expect(judge.verdict(BudgetReview(Self.key), at: Self.start + .seconds(10)) == .waiting)
        #expect(judge.verdict(BudgetReview(Self.key), at: Self.start + .seconds(15)) == .misconfigured)
    }
}
