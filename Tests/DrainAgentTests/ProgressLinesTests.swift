import KubernetesAPI
import Locking
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

@Suite struct ProgressLinesTests {
    private func lines(_ events: [DrainEvent]) -> [String] {
        let said = Lock<[String]>([])
        let lines = ProgressLines { line in said.withLock { $0.append(line.text) } }
        events.forEach(lines.observe)
        return said.withLock { $0 }
    }

    private func lines(_ facts: DrainEvent.Fact...) -> [String] {
        let policy = DrainPolicy(node: "node-a")
        let began = DrainEvent.Fact.began(DrainStart(id: "d", trigger: .command), policy)
        return lines(([began] + facts).map { DrainEvent(at: ScriptedDrain.epoch, $0) })
    }

    private var pods: [Pod] {
        [
            .stub("exporter", owner: .daemonSet("exporter")),
            .stub("proxy", annotations: [Pod.mirrorAnnotation: "x"]), .stub("web-1"), .stub("web-2"),
        ]
    }

    private func isEviction(of name: String, _ call: APICall) -> Bool {
        if case .evict(let pod, _) = call { pod.name == name } else { false }
    }

    @Test("a drain with a blocked pod, in kubectl's words where it has them")
    func blocked() {
        let drain = ScriptedDrain(pods)
        drain.script = { call, now in
            isEviction(of: "web-2", call) && now < ScriptedDrain.epoch + .seconds(8) ? .init(.budget("web")) : nil
        }
        #expect(drain.run() == .ended)
        #expect(
            lines(drain.events) == [
                "node/node-a cordoned", "node/node-a: 2 pods to evict, 2 left alone",
                "pod demo/exporter left alone: owned by a DaemonSet", "pod demo/proxy left alone: static pod",
                "evicting pod demo/web-1", "evicting pod demo/web-2",
                "pod demo/web-2 is blocked by budget demo/web: The disruption budget web needs 2 healthy pods and has 2 currently",
                "pod demo/web-1 is gone", "pod demo/web-2 is gone",
            ])
    }

    @Test("a client dry run says what would go, a server dry run also what would not")
    func dryRuns() {
        var policy = DrainPolicy(node: "node-a")
        policy.dryRun = .client
        let client = ScriptedDrain(pods, policy: policy)
        #expect(client.run() == .ended)
        #expect(
            lines(client.events) == [
                "node/node-a: 2 pods to evict, 2 left alone", "pod demo/exporter left alone: owned by a DaemonSet",
                "pod demo/proxy left alone: static pod", "pod demo/web-1 would be evicted (dry run)",
                "pod demo/web-2 would be evicted (dry run)",
            ])
        policy.dryRun = .server
        let server = ScriptedDrain(pods, policy: policy)
        server.script = { call, _ in isEviction(of: "web-2", call) ? .init(.budget("web")) : nil }
        #expect(server.run() == .ended)
        #expect(
            lines(server.events) == [
                "node/node-a cordoned (server dry run)", "node/node-a: 2 pods to evict, 2 left alone",
                "pod demo/exporter left alone: owned by a DaemonSet", "pod demo/proxy left alone: static pod",
                "evicting pod demo/web-1 (server dry run)", "evicting pod demo/web-2 (server dry run)",
                "pod demo/web-1 would be evicted",
                "pod demo/web-2 cannot be evicted: The disruption budget web needs 2 healthy pods and has 2 currently",
            ])
    }

    @Test("a trouble that comes again and again is said once")
    func repeated() {
        let failed = DrainEvent.Fact.requestFailed(.list, message: "connect: refused", retryIn: .milliseconds(1500))
        #expect(
            lines(failed, failed, .requestFailed(.list, message: "timeout", retryIn: .seconds(2))) == [
                "warning: list failed: connect: refused; trying again in 1.5s",
                "warning: list failed: timeout; trying again in 2s",
            ])
    }

    @Test("the node's state and the watch's troubles")
    func notices() {
        let pod = PodIdentity(namespace: "demo", name: "late", uid: "1")
        #expect(
            lines(
                .cordon(.alreadyCordoned), .cordon(.uncordoned), .cordon(.uncordonFailed(message: "no answer in time")),
                .pollingChanged(true, reason: "watch is forbidden"), .pollingChanged(false, reason: ""),
                .throttled(for: .seconds(3)), .planned(pods: 1, excluded: 0), .podExcluded(pod, .arrived)) == [
                    "node/node-a already cordoned", "node/node-a uncordoned",
                    "node/node-a could not be uncordoned: no answer in time",
                    "warning: the watch does not work, listing instead: watch is forbidden",
                    "warning: the API server asks for a pause of 3s", "node/node-a: 1 pod to evict, 0 left alone",
                    "pod demo/late left alone: came after the cordon",
                ])
    }

    @Test("what a webhook or a proxy writes stays on its line, and commands no terminal")
    func hostile() {
        let message = "no\r\nnode/node-a drained\u{1B}[2J\u{9B}31m"
        #expect(
            lines(.requestFailed(.list, message: message, retryIn: .seconds(1))) == [
                "warning: list failed: no  node/node-a drained [2J 31m; trying again in 1s"
            ])
    }

    @Test("every reason to leave a pod, and every blocker, has words of its own")
    func words() {
        #expect(Set(ExclusionReason.allCases.map(\.text)).count == ExclusionReason.allCases.count)
        #expect(Blocker.budget(namespace: "shop", name: "web").description == "budget shop/web")
        #expect(Blocker.severalBudgets(namespace: "shop").description == "several budgets of namespace shop")
        #expect(Blocker.webhook(name: "guard.example").description == "webhook guard.example")
    }

    private let budget = Blocker.budget(namespace: "demo", name: "web")

    private func judged(_ verdict: BudgetVerdict) -> DrainEvent.Fact {
        .judged(Judgement(blocker: budget, verdict: verdict, advice: "do it", since: ScriptedDrain.epoch))
    }

    @Test("a budget's verdict is said when it changes, with what to do about it")
    func verdicts() {
        #expect(
            lines(
                judged(.waiting), judged(.unsatisfiable), judged(.unsatisfiable), judged(.misconfigured),
                judged(.unhealthy), .judged(Judgement(blocker: budget, verdict: .waiting, since: ScriptedDrain.epoch)))
                == [
                    "warning: budget demo/web can never allow: do it",
                    "warning: budget demo/web makes no sense to the API server: do it",
                    "warning: budget demo/web waits for pods to become healthy: do it",
                    "budget demo/web can allow again",
                ])
    }

    @Test("a node's turn: who is before it, and no word where nobody had to wait")
    func turns() {
        #expect(lines(.turn(.held(lease: "slot-0"))).isEmpty)
        #expect(
            lines(
                .turn(.waiting(place: 0, holders: ["node-b"])), .turn(.waiting(place: 0, holders: ["node-b"])),
                .turn(.held(lease: "slot-0")), .turn(.lost(reason: "expired"))) == [
                    "node/node-a waits for its turn, place 1, behind node-b", "node/node-a has its turn",
                    "warning: node/node-a has lost its turn, nothing more is evicted until it is back: expired",
                ])
    }

    @Test("what holds a drain up, and what is done about it")
    func obstacles() {
        let pod = Pod.stub("a").identity
        let owner = Workload.Key(kind: .deployment, namespace: "demo", name: "web")
        let key = BudgetKey(namespace: "demo", name: "web")
        let stuck = StuckTermination(reason: .containersRunning, detail: "main", overdueSince: ScriptedDrain.epoch)
        func deleted(_ problem: String) -> DrainEvent.Fact {
            .deletedAtDeadline(DeadlineDeletion(index: 0, pod: pod, gracePeriodSeconds: 20, problem: problem))
        }
        #expect(
            lines(
                .podAdded(
                    PodFacts(
                        index: 0, pod: pod, priority: 0, gracePeriodSeconds: 30, tier: .ordinary, phase: .queued)),
                .tierStarted(.nodeCritical), .stuck(pod: 0, stuck), .stuck(pod: 0, stuck), .stuck(pod: 0, nil),
                .overrunProjected(.by(.milliseconds(89_600))), .overrunProjected(.by(.seconds(95))),
                .overrunProjected(.never), .overrunProjected(nil), deleted(""), deleted("403"),
                .unblock(UnblockStep(owner: owner, budget: key, result: .restarted)),
                .unblock(UnblockStep(owner: owner, budget: key, result: .refused(reason: "it is paused"))),
                .uncordonedByOthers(recordons: false), .volumesAttached(["pv-1"]), .volumesAttached([]),
                .budgetWatchChanged(namespace: nil, isLive: false, reason: "403"),
                .annotationIgnored(pod, annotation: "drain-agent.dev/order", problem: "\"x\" is no number")) == [
                    "now the pods of system-node-critical",
                    "pod demo/a should be gone since 2027-01-15T08:00:00Z: containers still run (main)",
                    "warning: as things go it ends 1m30s after the deadline",
                    "warning: as things stand it is never done by the deadline", "the deadline will be met again",
                    "pod demo/a is deleted at the deadline, past its budget, with 20 s of grace",
                    "pod demo/a could not be deleted at the deadline: 403",
                    "Deployment demo/web is restarted, for budget demo/web can never allow",
                    "warning: Deployment demo/web is not restarted: it is paused",
                    "warning: somebody made node/node-a schedulable: nothing more is evicted",
                    "1 volume is still attached: pv-1", "all volumes are detached",
                    "warning: the budgets cannot be watched, asking instead: 403",
                    "warning: pod demo/a: annotation drain-agent.dev/order is ignored: \"x\" is no number",
                ])
    }

    @Test("pods that can never go are named before anything is touched, twenty of them")
    func foretold() {
        let pods = (0..<22).map { index in
            Forecast.PodEntry(
                pod: Pod.stub("p\(index)").identity, tier: .ordinary, outlook: .never(reason: "no"), answer: .budget,
                message: "")
        }
        let lines = lines(.surveyed(Forecast(node: "node-a", pods: pods, budgets: [])))
        #expect(lines.count == 21 && lines.first == "warning: pod demo/p0 can never go: no")
        #expect(lines.last == "warning: 2 more can never go")
    }
}
