import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("NodeDrain: whole drains")
struct NodeDrainTests {
    @Test("pods are evicted, watched until they are gone, and a list proves the end")
    func completes() throws {
        let drain = ScriptedDrain([.stub("a"), .stub("b")])
        #expect(drain.run() == .ended)
        let summary = try #require(drain.summary)
        #expect(summary.outcome == .completed)
        #expect(summary.total == 2 && summary.evicted == 2 && summary.remaining.isEmpty)
        #expect(drain.phases("a") == [.queued, .evicting, .terminating, .gone])
        #expect(drain.states == [.cordoning, .draining, .completed])
        #expect(drain.cluster.node.spec.unschedulable)
        #expect(summary.leftCordoned)
    }
}
