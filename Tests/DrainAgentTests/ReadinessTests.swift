import KubernetesAPI
import Testing

@testable import DrainAgent

@Suite struct ReadinessTests {
    @Test("not ready until the API server was reached, and then for good")
    func reached() {
        let readiness = Readiness(ownPod: .none)
        #expect(readiness.obstacle != nil)
        readiness.isBlocked(by: "connection refused")
        #expect(readiness.obstacle == "connection refused")
        readiness.reached()
        #expect(readiness.obstacle == nil)
    }

    @Test("our own pod is found later, when the environment does not name it")
    func ownPod() {
        let readiness = Readiness(ownPod: .unknown("not yet"))
        #expect(readiness.ownPod.identity == nil)
        let pod = PodIdentity(namespace: "ops", name: "agent", uid: "1")
        readiness.found(.pod(pod))
        #expect(readiness.ownPod.identity == pod)
    }
}
