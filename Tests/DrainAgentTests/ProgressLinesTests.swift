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
        let lines = ProgressLines { line in said.withLock { $0.append(line) } }
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
}
