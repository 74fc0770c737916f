import DrainTelemetry
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainAgent
@testable import DrainEngine

@Suite struct LiveDisplayTests {
    private func status(after time: Duration, _ prepare: (ScriptedDrain) -> Void = { _ in }) -> DrainStatus {
        let drain = ScriptedDrain([.stub("web-1"), .stub("web-2"), .stub("web-3")])
        prepare(drain)
        drain.run(limit: time)
        let progress = DrainProgress(node: "node-a")
        drain.events.forEach(progress.observe)
        return progress.current
    }

    @Test("before anything is known the bar is empty")
    func empty() {
        let status = DrainProgress(node: "node-a").current
        #expect(LiveDisplay.statusLine(status, at: ScriptedDrain.epoch) == "[------------------------]  0/0 gone")
    }

    @Test("the bar grows with the pods that are gone, and blockers are named")
    func blocked() {
        let status = status(after: .seconds(4)) { drain in
            drain.script = { call, _ in
                if case .evict(let pod, _) = call, pod.name == "web-3" { .init(.budget("web")) } else { nil }
            }
        }
        #expect(
            LiveDisplay.statusLine(status, at: ScriptedDrain.epoch + .seconds(4))
                == "[################--------]  2/3 gone  1 blocked by budget demo/web  4s")
    }

    @Test("pods on their way are counted by what they are doing")
    func terminating() {
        let status = status(after: .seconds(1))
        #expect(
            LiveDisplay.statusLine(status, at: ScriptedDrain.epoch + .seconds(1))
                == "[------------------------]  0/3 gone  3 terminating  1s")
    }
}
