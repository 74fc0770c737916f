import KubernetesAPI
import Testing

@testable import DrainAgent
@testable import DrainEngine

@Suite("PlanTable") struct PlanTableTests {
    private static func pod(
        _ name: String, _ outlook: Forecast.PodOutlook, answer: EvictionAnswer? = .accepted, message: String = "",
        refusals: [DrainPlan.Refusal.Cause] = []
    ) -> Forecast.PodEntry {
        Forecast.PodEntry(
            pod: PodIdentity(namespace: "shop", name: name, uid: name), tier: .ordinary, outlook: outlook,
            answer: answer, message: message, refusals: refusals)
    }

    private static func budget(_ name: String, _ verdict: BudgetVerdict, allowed: Int, rounds: Int?)
        -> Forecast.BudgetEntry
    {
        Forecast.BudgetEntry(
            budget: BudgetKey(namespace: "shop", name: name), verdict: verdict,
            advice: verdict.isForGood ? "do so" : "",
            allowed: allowed, pods: 2, rounds: rounds)
    }

    @Test("what stands in the way comes first, the budgets follow, and a line sums it up")
    func lines() {
        let forecast = Forecast(
            node: "node-a", isUnschedulable: true,
            pods: [
                Self.pod("web-0", .now),
                Self.pod("web-1", .blocked(by: .budget(namespace: "shop", name: "web"), round: 2)),
                Self.pod(
                    "db", .blocked(by: .webhook(name: "guard"), round: nil), answer: .deferred, message: "not\nyet"),
                Self.pod("pay", .never(reason: "do so"), answer: .budget),
                Self.pod("odd", .never(reason: "no: bad"), answer: .rejected),
                Self.pod("dark", .unknown(reason: "etcd is away"), answer: .serverError),
                Self.pod("agent", .left(.daemonset), answer: nil), Self.pod("old", .leaving, answer: nil),
            ],
            budgets: [
                Self.budget("free", .waiting, allowed: 2, rounds: 1),
                Self.budget("pay", .unsatisfiable, allowed: 0, rounds: nil),
                Self.budget("web", .waiting, allowed: 1, rounds: 2),
                Self.budget("hidden", .waiting, allowed: 0, rounds: nil),
            ], notes: ["budgets could not be read"])
        #expect(
            PlanTable(forecast: forecast).lines == [
                "NAMESPACE   POD     OUTLOOK   REASON",
                "shop        pay     never     budget shop/pay: unsatisfiable",
                "shop        odd     never     no: bad",
                "shop        dark    unknown   etcd is away",
                "shop        web-1   blocked   budget shop/web, round 2",
                "shop        db      blocked   webhook guard: not yet",
                "shop        web-0   now",
                "shop        old     leaving",
                "shop        agent   left      owned by a DaemonSet",
                "",
                "BUDGET        VERDICT         ALLOWED   PODS   ROUNDS   ADVICE",
                "shop/pay      unsatisfiable   0         2      never    do so",
                "shop/free     allows          2         2      1",
                "shop/web      waiting         1         2      2",
                "shop/hidden   waiting         0         2      ?",
                "",
                "note: budgets could not be read",
                "",
                "node/node-a, cordoned, cannot be drained as things stand: 2 can never go, 1 cannot be told, 2 must wait, "
                    + "1 would go now, 1 leaving already, 1 would stay",
            ])
        let wide = PlanTable(forecast: forecast, isWide: true).lines
        #expect(wide[0].split(separator: " ") == ["NAMESPACE", "POD", "OUTLOOK", "TIER", "ANSWER", "REASON"])
        #expect(wide[3].contains("ordinary   server_error"))
    }

    @Test("what the flags do not allow is named with the flag, before all")
    func refusals() {
        let forecast = Forecast(
            node: "node-a", isUnschedulable: false,
            pods: [
                Self.pod("a", .now, refusals: [.emptyDir, .unmanaged]), Self.pod("b", .now, refusals: [.emptyDir]),
            ],
            budgets: [])
        let lines = PlanTable(forecast: forecast).lines
        #expect(lines[0].contains("(--delete-emptydir-data): shop/a, shop/b"))
        #expect(lines[1].contains("(--force): shop/a"))
        #expect(lines.last == "node/node-a can be drained, but not with these flags: 2 would go now")
    }

    @Test("an empty node is one line")
    func empty() {
        let forecast = Forecast(node: "node-a", isUnschedulable: false, pods: [], budgets: [])
        #expect(PlanTable(forecast: forecast).lines == ["node/node-a can be drained: no pods"])
    }
}
