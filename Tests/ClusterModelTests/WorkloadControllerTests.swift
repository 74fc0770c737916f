import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Workload controllers")
struct WorkloadControllerTests {
    @Test("a deployment replaces a pod as soon as it terminates, on a node that is not cordoned")
    func deployment() throws {
        var model = Scenario.web(.maxUnavailable(.int(1)))
        model.perform(.setUnschedulable(node: "node-a", true))
        let pod = try #require(model.pods().first?.metadata.name)
        #expect(model.evict(pod)?.code == 201)
        model.advance(to: model.now)
        let replacement = try #require(model.pods(on: "node-b").first)
        #expect(model.pod(pod)?.isTerminating == true)
        #expect(!replacement.isReady)
        #expect(replacement.scheduledAt == Scenario.start)
        #expect(replacement.metadata.controller?.kind == "ReplicaSet")
        model.advance(to: Scenario.start + .seconds(2))
        #expect(model.pod(replacement.metadata.name)?.isReady == true)
        #expect(model.pods().count == 3)
    }

    @Test("a StatefulSet's pod comes back under its name, with another UID, once the old one is gone")
    func statefulSet() throws {
        var model = Scenario.empty()
        model.addStatefulSet(
            "demo", "db", replicas: 1, on: ["node-a"], PodTemplate(stopAfter: .after(.seconds(5))))
        model.perform(.setUnschedulable(node: "node-a", true))
        let old = try #require(model.pod("db-0"))
        _ = model.evict("db-0")
        model.advance(to: Scenario.start + .seconds(4))
        #expect(model.pod("db-0")?.metadata.uid == old.metadata.uid)
        model.advance(to: Scenario.start + .seconds(6))
        let new = try #require(model.pod("db-0"))
        #expect(new.metadata.uid != old.metadata.uid)
        #expect(new.spec.nodeName == "node-b")
    }

    @Test("DaemonSets and static pods come back on the same node, cordoned or not")
    func nodeBound() throws {
        var model = Scenario.empty()
        model.addDaemonSet("demo", "agent")
        model.addStaticPod("demo", "proxy", on: "node-a")
        model.perform(.setUnschedulable(node: "node-a", true))
        let before = model.pods(on: "node-a")
        #expect(before.count == 2)
        #expect(before.filter(\.isMirror).map(\.metadata.name) == ["proxy-node-a"])
        for pod in before { _ = model.evict(pod.metadata.name) }
        model.advance(to: Scenario.start + .seconds(5))
        let after = model.pods(on: "node-a")
        #expect(after.count == 2)
        #expect(Set(after.map(\.metadata.uid)).isDisjoint(with: before.map(\.metadata.uid)))
    }

    @Test("a finished job's pod is not replaced, a running one's is")
    func jobs() throws {
        var model = Scenario.empty()
        model.addJob("demo", "done", phase: "Succeeded", on: "node-a")
        model.addJob("demo", "busy", phase: "Running", on: "node-a")
        for pod in model.pods() { #expect(model.evict(pod.metadata.name)?.code == 201) }
        model.advance(to: Scenario.start + .seconds(5))
        #expect(model.pods().map(\.metadata.labels["app"]) == ["busy"])
    }

    @Test("an orphan of a DaemonSet is not replaced, and its DaemonSet is not found")
    func orphan() {
        var model = Scenario.empty()
        model.addBarePod(
            "demo", "orphan", on: "node-a",
            owner: OwnerReference(apiVersion: "apps/v1", kind: "DaemonSet", name: "gone"))
        let exchange = model.exchange(.readDaemonSet(namespace: "demo", name: "gone"), at: model.now)
        guard case .refusal(let status) = exchange.answer else {
            Issue.record("found")
            return
        }
        #expect(status.code == 404)
        #expect(model.evict("orphan")?.code == 201)
        model.advance(to: Scenario.start + .seconds(5))
        #expect(model.pods().isEmpty)
    }

    @Test("scaling down takes those first that do not serve")
    func scaleDown() throws {
        var model = Scenario.web(.minAvailable(.int(1)))
        let unready = model.pods()[1].metadata.name
        model.perform(.setReady(namespace: "demo", pod: unready, false))
        model.perform(.scale(namespace: "demo", workload: "web", replicas: 2))
        model.advance(to: model.now)
        #expect(model.pods().filter(\.isTerminating).map(\.metadata.name) == [unready])
    }

    @Test("nothing new comes into a namespace that terminates, and its pods are taken away")
    func namespace() throws {
        var model = Scenario.web(.minAvailable(.int(3)))
        model.perform(.terminateNamespace("demo"))
        let pod = try #require(model.pods().first)
        #expect(pod.isTerminating)
        let answer = model.evict(pod.metadata.name)
        let refusal = try #require(answer)
        #expect(refusal.code == 403)
        #expect(refusal.details?.causes.first?.reason == "NamespaceTerminating")
        model.advance(to: Scenario.start + .seconds(5))
        #expect(model.pods().isEmpty)
    }
}
