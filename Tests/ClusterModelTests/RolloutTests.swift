import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Rollouts")
struct RolloutTests {
    private static let web = Workload.Key(kind: .deployment, namespace: "demo", name: "web")

    /// A deployment on node-a, ready two seconds after binding, and restarted.
    private func restarted(
        _ strategy: Workload.Strategy, replicas: Int = 1, isPaused: Bool = false
    ) -> ClusterModel {
        var model = Scenario.empty()
        let template = PodTemplate(readyAfter: .after(.seconds(2)), stopAfter: .after(.seconds(1)))
        model.addDeployment(
            "demo", "web", replicas: replicas, on: Array(repeating: "node-a", count: replicas), template,
            strategy: strategy, isPaused: isPaused)
        model.addBudget("demo", "web", .minAvailable(.int(1)), selecting: ["app": "web"])
        model.perform(.setUnschedulable(node: "node-a", true))
        let exchange = model.exchange(.restartRollout(Self.web, at: Scenario.start), at: model.now)
        #expect(exchange.answer == .success(code: 200, .other))
        return model
    }

    private func rolling(surge: IntOrPercent?, unavailable: IntOrPercent?) -> Workload.Strategy {
        Workload.Strategy(
            type: "RollingUpdate", rollingUpdate: .init(maxSurge: surge, maxUnavailable: unavailable))
    }

    @Test("a surge pod comes first, on another node; the old one goes once it is ready")
    func surge() throws {
        var model = restarted(WorkloadRecord.defaultStrategy)
        let old = try #require(model.pods().first { $0.isReady })
        model.advance(to: Scenario.start + .seconds(1))
        let both = model.pods()
        #expect(both.count == 2)
        let new = try #require(both.first { $0.metadata.uid != old.metadata.uid })
        #expect(new.spec.nodeName == "node-b")
        #expect(new.metadata.controller?.uid != old.metadata.controller?.uid)
        #expect(new.metadata.labels["pod-template-hash"] != old.metadata.labels["pod-template-hash"])
        #expect(model.pod(old.metadata.name)?.isTerminating == false)
        model.advance(to: Scenario.start + .seconds(2))
        #expect(model.pod(old.metadata.name)?.isTerminating == true)
        model.advance(to: Scenario.start + .seconds(10))
        #expect(model.pods().map(\.metadata.uid) == [new.metadata.uid])
    }

    @Test(
        "never more pods than the surge, never fewer ready ones than the limit",
        arguments: [
            (IntOrPercent.int(1), IntOrPercent.int(0), 5, 4), (.int(0), .int(1), 4, 3), (.int(2), .int(1), 6, 3),
            (.percent(25), .percent(25), 5, 3), (.int(0), .int(0), 4, 3), (.percent(100), .int(0), 8, 4),
        ])
    func limits(surge: IntOrPercent, unavailable: IntOrPercent, most: Int, least: Int) {
        var model = restarted(rolling(surge: surge, unavailable: unavailable), replicas: 4)
        let old = Set(model.pods().filter(\.isReady).compactMap(\.metadata.controller?.uid))
        var (seenMost, seenLeast) = (0, Int.max)
        for tenth in 0..<300 {
            model.advance(to: Scenario.start + .milliseconds(100 * tenth))
            let active = model.pods().filter { !$0.isTerminating }
            seenMost = max(seenMost, active.count)
            seenLeast = min(seenLeast, active.count(where: \.isReady))
        }
        #expect(seenMost == most)
        #expect(seenLeast == least)
        #expect(model.pods().count == 4)
        #expect(model.pods().allSatisfy { $0.isReady && !old.contains($0.metadata.controller?.uid ?? "") })
    }

    @Test("Recreate ends the old pods first")
    func recreate() throws {
        var model = restarted(Workload.Strategy(type: "Recreate"), replicas: 2)
        let old = Set(model.pods().map(\.metadata.uid))
        model.advance(to: model.now)
        #expect(model.pods().count == 2)
        #expect(model.pods().allSatisfy { old.contains($0.metadata.uid) && $0.isTerminating })
        model.advance(to: Scenario.start + .seconds(5))
        #expect(model.pods().count == 2)
        #expect(model.pods().allSatisfy { !old.contains($0.metadata.uid) && $0.isReady })
    }

    @Test("a paused deployment does not roll, and rolls when it goes on")
    func paused() {
        var model = restarted(WorkloadRecord.defaultStrategy, isPaused: true)
        let old = model.pods().map(\.metadata.uid)
        model.advance(to: Scenario.start + .seconds(10))
        #expect(model.pods().map(\.metadata.uid) == old)
        model.perform(.patchWorkload(namespace: "demo", workload: "web", WorkloadPatch(isPaused: false)))
        model.advance(to: Scenario.start + .seconds(20))
        #expect(model.pods().count == 1)
        #expect(model.pods().map(\.metadata.uid) != old)
    }

    @Test("the same restart again changes nothing")
    func again() {
        var model = restarted(WorkloadRecord.defaultStrategy)
        model.advance(to: Scenario.start + .seconds(10))
        let pods = model.pods().map(\.metadata.uid)
        _ = model.exchange(.restartRollout(Self.web, at: Scenario.start), at: model.now)
        model.advance(to: Scenario.start + .seconds(20))
        #expect(model.pods().map(\.metadata.uid) == pods)
    }

    @Test("while it rolls each ReplicaSet wants the pods it has; the Deployment wants what it wanted")
    func replicaSets() throws {
        var model = restarted(WorkloadRecord.defaultStrategy, replicas: 4)
        func replicas() throws -> [Int] {
            let owners = Set(model.pods().filter { !$0.isTerminating }.compactMap(\.metadata.controller?.name)).sorted()
            return try owners.map { name in
                let key = Workload.Key(kind: .replicaSet, namespace: "demo", name: name)
                let answer = model.exchange(.readWorkload(key), at: model.now).answer
                guard case .success(200, .workload(let replicaSet)) = answer else { throw answer.unexpected }
                #expect(replicaSet.metadata.controller?.kind == "Deployment")
                return replicaSet.replicas
            }
        }
        model.advance(to: Scenario.start + .seconds(1))
        #expect(try replicas().sorted() == [2, 3])
        model.advance(to: Scenario.start + .seconds(60))
        #expect(try replicas() == [4])
        guard
            case .success(200, .workload(let deployment)) = model.exchange(.readWorkload(Self.web), at: model.now)
                .answer
        else {
            Issue.record("no deployment")
            return
        }
        #expect(deployment.replicas == 4)
        #expect(deployment.spec.strategy == WorkloadRecord.defaultStrategy)
    }
}

extension Exchange.Answer {
    struct Unexpected: Error { var answer: Exchange.Answer }

    var unexpected: Unexpected { Unexpected(answer: self) }
}
