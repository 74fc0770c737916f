import DrainTelemetry
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

@Suite struct SummaryTableTests {
    /// What is printed when this drain has ended.
    private func table(
        dryRun: DrainPolicy.DryRun = .none, deadline: Duration? = nil, _ prepare: (ScriptedDrain) -> Void = { _ in }
    ) throws -> [String] {
        var policy = DrainPolicy(node: "node-a")
        policy.dryRun = dryRun
        let pods: [Pod] = [
            .stub("web-1"), .stub("a-long-name", namespace: "apps"), .stub("exporter", owner: .daemonSet("exporter")),
        ]
        let drain = ScriptedDrain(pods, policy: policy, deadline: deadline)
        prepare(drain)
        #expect(drain.run() == .ended)
        let progress = DrainProgress(node: "node-a")
        drain.events.forEach(progress.observe)
        return SummaryTable.lines(progress.current, try #require(drain.summary), at: ScriptedDrain.epoch + .seconds(65))
    }

    private func refuse(_ drain: ScriptedDrain, _ status: Status) {
        drain.script = { call, _ in
            if case .evict(let pod, _) = call, pod.name == "web-1" { .init(status) } else { nil }
        }
    }

    @Test("every pod in its row, and what became of the node below")
    func completed() throws {
        #expect(
            try table() == [
                "NAMESPACE   POD           RESULT   ATTEMPTS   MESSAGE",
                "apps        a-long-name   gone     1",
                "demo        web-1         gone     1",
                "demo        exporter      left     0          owned by a DaemonSet",
                "node/node-a drained in 1m5s",
            ])
    }

    @Test("a pod that is still there says why")
    func timedOut() throws {
        let lines = try table(deadline: .seconds(4)) { refuse($0, .budget("web")) }
        #expect(
            lines.suffix(3) == [
                "demo        web-1         blocked   2          The disruption budget web needs 2 healthy pods and has 2 currently",
                "demo        exporter      left      0          owned by a DaemonSet",
                "node/node-a not drained: timed out in 1m5s: 1 pod (1 blocked by budget demo/web) left at the deadline",
            ])
    }

    @Test("a cancelled drain is called so, once")
    func cancelled() throws {
        let lines = try table { drain in
            refuse(drain, .budget("web"))
            drain.at(.seconds(1)) { $0.tell(.cancel(uncordon: false)) }
        }
        #expect(lines.last == "node/node-a drain cancelled in 1m5s")
    }

    @Test("a dry run claims nothing that did not happen", arguments: [DrainPolicy.DryRun.client, .server])
    func dryRun(mode: DrainPolicy.DryRun) throws {
        let lines = try table(dryRun: mode)
        #expect(lines.count == 5)
        #expect(lines.dropFirst().prefix(2).allSatisfy { $0.contains("would go") })
        #expect(lines.last == "node/node-a would be drained: dry run: nothing was changed")
    }

    @Test("a server dry run shows what would stay")
    func serverDryRun() throws {
        let lines = try table(dryRun: .server) { refuse($0, .budget("web")) }
        #expect(lines.contains { $0.contains("web-1") && $0.contains("would stay") })
        #expect(lines.last?.hasPrefix("node/node-a not drained: incomplete in 1m5s: dry run: 1 pod") == true)
    }

    @Test("a drain that could not start has no table")
    func failed() throws {
        let lines = try table { drain in
            drain.script = { call, _ in
                guard case .readNode = call else { return nil }
                return .init(Status(code: 404, message: "nodes \"node-a\" not found\nreally"))
            }
        }
        #expect(
            lines == [
                "node/node-a not drained: could not start in 1m5s: cannot read node node-a: nodes \"node-a\" not found really (404)"
            ])
    }

    @Test("columns are as wide as their widest word")
    func aligned() {
        #expect(
            SummaryTable.aligned([["A", "B", "C"], ["long", "", "x"], ["", "é", ""]]) == [
                "A      B   C", "long       x", "       é",
            ])
        #expect(SummaryTable.aligned([]) == [])
    }

    @Test("what a person can do about who still says no stands below the table, and a stuck pod says why")
    func obstacles() {
        let progress = DrainProgress(node: "node-a")
        let epoch = ScriptedDrain.epoch
        let pods = ["a", "b"].enumerated().map { index, name in
            PodFacts(
                index: index, pod: Pod.stub(name).identity, priority: 0, gracePeriodSeconds: 30, tier: .ordinary,
                phase: .terminating)
        }
        let summary = DrainSummary(
            outcome: .timedOut, reason: "2 pods left", total: 2, evicted: 0, vanished: 0, failed: 0, remaining: [],
            leftCordoned: true)
        let budget = Blocker.budget(namespace: "demo", name: "web")
        let facts: [DrainEvent.Fact] =
            [.began(DrainStart(id: "d", trigger: .command), DrainPolicy(node: "node-a"))] + pods.map { .podAdded($0) }
            + [
                .stuck(pod: 1, StuckTermination(reason: .finalizers, detail: "x/y", overdueSince: epoch)),
                .judged(Judgement(blocker: budget, verdict: .unsatisfiable, advice: "do it", since: epoch)),
                .judged(Judgement(blocker: .webhook(name: "kv"), verdict: .waiting, since: epoch)), .ended(summary),
            ]
        for fact in facts { progress.observe(DrainEvent(at: epoch, fact)) }
        #expect(
            SummaryTable.lines(progress.current, summary, at: epoch).suffix(3) == [
                "demo        b     terminating   0          should be gone since 2027-01-15T08:00:00Z: finalizers are left (x/y)",
                "budget demo/web (unsatisfiable): do it",
                "node/node-a not drained: timed out in 0s: 2 pods left",
            ])
    }
}
