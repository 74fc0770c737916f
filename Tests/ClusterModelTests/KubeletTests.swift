import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Kubelet")
struct KubeletTests {
    /// When a pod with this stop duration and this grace period is gone; `nil`: not within an hour.
    private func end(_ stop: Delay, grace: Int64, option: Int64? = nil) -> Duration? {
        var model = Scenario.barePod {
            $0.stopAfter = stop
            $0.gracePeriodSeconds = grace
        }
        let deletion = PodDeletion(namespace: "demo", name: "bare", gracePeriodSeconds: option)
        _ = model.handle(.deletePod(deletion), at: model.now)
        if model.pods().isEmpty { return .zero }
        while let next = model.nextEvent, next - Scenario.start < .seconds(3600) {
            model.advance(to: next)
            if model.pods().isEmpty { return next - Scenario.start }
        }
        return nil
    }

    @Test(
        "a pod is gone when its containers end, or are killed",
        arguments: [
            (Delay.after(.seconds(8)), 30, nil, Duration.seconds(8)),
            (.after(.seconds(100)), 30, nil, .seconds(30)),
            (.after(.seconds(100)), 30, 5, .seconds(5)),
            (.after(.seconds(100)), 30, 0, .zero),
            (.never, 30, nil, nil),
            (.never, 30, 0, .zero),
        ] as [(Delay, Int64, Int64?, Duration?)])
    func ends(_ stop: Delay, _ grace: Int64, _ option: Int64?, _ expected: Duration?) {
        #expect(end(stop, grace: grace, option: option) == expected)
    }

    @Test("a second delete can shorten the grace period, never prolong it")
    func shorten() throws {
        var model = Scenario.barePod { $0.stopAfter = .after(.seconds(100)) }
        func delete(_ model: inout ClusterModel, _ grace: Int64) {
            _ = model.handle(
                .deletePod(PodDeletion(namespace: "demo", name: "bare", gracePeriodSeconds: grace)), at: model.now)
        }
        delete(&model, 20)
        delete(&model, 50)
        #expect(model.pod("bare")?.metadata.deletionGracePeriodSeconds == 20)
        delete(&model, 4)
        #expect(model.pod("bare")?.metadata.deletionTimestamp == Scenario.start + .seconds(4))
        model.advance(to: Scenario.start + .seconds(4))
        #expect(model.pods().isEmpty)
    }

    @Test("a finalizer holds the object after its containers have ended")
    func finalizer() throws {
        var model = Scenario.barePod { $0.finalizers = ["example.com/hold"] }
        _ = model.evict("bare")
        model.advance(to: Scenario.start + .seconds(60))
        let held = try #require(model.pod("bare"))
        #expect(held.metadata.deletionGracePeriodSeconds == 0)
        #expect(!held.isReady)
        model.perform(.removeFinalizers(namespace: "demo", pod: "bare"))
        #expect(model.pods().isEmpty)
    }

    @Test("a pod that never gets ready stays unready")
    func neverReady() throws {
        var model = Scenario.empty()
        model.addDeployment("demo", "web", replicas: 1, on: ["node-a"], PodTemplate(readyAfter: .never))
        let pod = try #require(model.pods().first?.metadata.name)
        _ = model.evict(pod)
        model.advance(to: Scenario.start + .seconds(3600))
        #expect(model.pods().map(\.isReady) == [false])
        #expect(model.pods().map(\.status.phase) == ["Running"])
    }

    @Test("a delete with another UID is refused")
    func otherUID() {
        var model = Scenario.barePod()
        let answer = model.handle(
            .deletePod(PodDeletion(namespace: "demo", name: "bare", uid: "another")), at: model.now
        ).answer
        guard case .status(let status) = answer else {
            Issue.record("accepted")
            return
        }
        #expect(status.code == 409)
        #expect(model.pod("bare")?.isTerminating == false)
    }
}
