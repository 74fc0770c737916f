import ClusterModel
import HTTPClient
import KubernetesAPI
import KubernetesClient
import SimulatedCluster
import Testing
import Timestamps

/// The same calls, once over HTTP and once put to the model: the answers must be the same, to the last UID.
@Suite("Agreement of wire and model", .timeLimit(.minutes(2)))
struct CallAgreementTests {
    private static let start = Timestamp(seconds: 1_800_000_000)
    private static let time = TimeSource { start }

    private static func model() -> ClusterModel {
        var model = ClusterModel(seed: 1, at: start, timing: .instant)
        for name in ["node-a", "node-b"] { model.addNode(name) }
        var stateful = PodTemplate()
        stateful.hasVolume = true
        stateful.hasEmptyDir = true
        model.addDeployment("demo", "web", replicas: 2, on: ["node-a", "node-b"])
        model.addStatefulSet("demo", "db", replicas: 1, on: ["node-a"], stateful)
        model.addReplicaSet("demo", "set", replicas: 1, on: ["node-b"])
        model.addReplicationController("demo", "old", replicas: 1, on: ["node-b"])
        model.addDaemonSet("demo", "agent")
        model.addBudget("demo", "web", .minAvailable(.percent(50)), selecting: ["app": "web", "tier": "front"])
        model.addBudget(
            "demo", "db", .maxUnavailable(.int(1)), selecting: ["app": "db"], unhealthyPodEvictionPolicy: .alwaysAllow)
        model.addBudget("other", "agent", .maxUnavailable(.int(1)), selecting: ["app": "agent"])
        model.access.podName = "agent-x"
        model.access.podUID = "u-1"
        model.access.nodeName = "node-a"
        return model
    }

    private static func lease(_ holder: String, version: String = "") -> Lease {
        Lease(
            metadata: ObjectMeta(
                name: "slot-0", namespace: "kube-system", resourceVersion: version, labels: ["zone": "z1"],
                annotations: ["drain-agent.dev/note": "x"]),
            spec: Lease.Spec(
                holderIdentity: holder, leaseDurationSeconds: 60, acquireTime: start,
                renewTime: start + .microseconds(1), leaseTransitions: 1))
    }

    private static func event(_ count: Int) -> ClusterEvent {
        ClusterEvent(
            subject: .node("node-a"), name: "e.1", reason: "Draining", message: "m", level: .warning, count: count,
            firstSeen: start, lastSeen: start)
    }

    private static func key(_ kind: Workload.Kind, _ name: String) -> Workload.Key {
        Workload.Key(kind: kind, namespace: "demo", name: name)
    }

    private static let calls: [APICall] = [
        .version, .whoAmI, .mayEvict(namespace: "demo"), .readNode("node-a"), .readNode("nowhere"),
        .listPods(node: "node-a", .cache()), .listPods(node: "node-b", .consistent(chunkSize: 1)),
        .listSelectedPods(namespace: "demo", LabelSelector([.isIn(key: "app", values: ["db", "web"])])),
        .listBudgets(namespace: nil, .consistent(chunkSize: 1)), .listBudgets(namespace: "demo", .cache()),
        .readWorkload(key(.deployment, "web")), .readWorkload(key(.statefulSet, "db")),
        .readWorkload(key(.replicaSet, "set")), .readWorkload(key(.replicationController, "old")),
        .readWorkload(key(.deployment, "gone")), .readDaemonSet(namespace: "demo", name: "agent"),
        .readPod(namespace: "demo", name: "db-0"), .listVolumeAttachments,
        .patchNode("node-a", NodePatch(unschedulable: true, annotations: ["drain-agent.dev/drain": "{}"])),
        .patchNode("node-a", NodePatch(annotations: ["drain-agent.dev/drain": nil]), dryRun: true),
        .setNodeConditions("node-a", [Condition(type: "DrainInProgress", reason: "R", lastTransitionTime: start)]),
        .readNode("node-a"), .patchNode("nowhere", NodePatch(unschedulable: true)),
        .createEvent(event(1)), .createEvent(event(1)), .repeatEvent(event(2)),
        .createLease(lease("a")), .createLease(lease("b")), .createLease(lease("b", version: "1")),
        .listLeases(namespace: "kube-system"), .listLeases(namespace: "demo"),
        .replaceLease(lease("b", version: "1")), .replaceLease(lease("b")), .deleteLease(lease("a", version: "1")),
        .restartRollout(key(.deployment, "web"), at: start), .restartRollout(key(.deployment, "gone"), at: start),
        .readWorkload(key(.deployment, "web")), .listSelectedPods(namespace: "demo", LabelSelector()),
    ]

    @Test("every call has one answer")
    func agreement() async throws {
        var model = Self.model()
        let cluster = SimulatedCluster(model, time: Self.time)
        let client = KubernetesClient(
            access: ClusterAccess(server: try cluster.start()), http: HTTPClient(), userAgent: "test",
            time: Self.time)
        for call in Self.calls {
            let expected = model.exchange(call, at: Self.start)
            let exchange = await client.send(APIRequest(call))
            #expect(exchange.answer == expected.answer, "\(call)")
        }
        // With the version that only the cluster knows.
        let listed = model.exchange(.listLeases(namespace: "kube-system"), at: Self.start).answer
        guard case .success(_, .leases(let leases)) = listed, var lease = leases.first else {
            Issue.record("\(listed)")
            return
        }
        lease.spec.holderIdentity = "b"
        for call in [APICall.replaceLease(lease), .replaceLease(lease)] {
            #expect(
                await client.send(APIRequest(call)).answer == model.exchange(call, at: Self.start).answer, "\(call)")
        }
        await client.shutdown()
        await cluster.stop()
    }

    @Test("watches of budgets and of a node tell over HTTP what the model tells")
    func watches() async throws {
        var model = Self.model()
        var revision = model.revision
        let cluster = SimulatedCluster(model, time: Self.time)
        let client = KubernetesClient(
            access: ClusterAccess(server: try cluster.start()), http: HTTPClient(), userAgent: "test",
            time: Self.time)
        let change = ClusterAction.patchBudget(
            namespace: "demo", name: "db", BudgetPatch(limit: .minAvailable(.int(0))))
        for action in [change, .setUnschedulable(node: "node-a", true), .reboot(node: "node-a")] {
            model.perform(action)
        }
        model.advance(to: Self.start)
        for topic in [WatchRequest.Topic.budgets(namespace: "demo"), .budgets(namespace: nil), .node("node-a")] {
            var since = revision
            let expected = try model.events(after: &since, of: topic)
            #expect(!expected.isEmpty)
            var seen: [WatchEvent<WatchedObject>] = []
            let request = WatchRequest(topic, resourceVersion: String(revision), timeoutSeconds: 60)
            let signals = client.watch(request)
            if topic == .budgets(namespace: "demo") {
                cluster.withModel { served in
                    for action in [change, .setUnschedulable(node: "node-a", true), .reboot(node: "node-a")] {
                        served.perform(action)
                    }
                }
            }
            for await signal in signals {
                if case .event(let event) = signal { seen.append(event) }
                if seen.count == expected.count { break }
                if case .ended = signal { break }
            }
            #expect(seen == expected)
        }
        revision = model.revision
        await client.shutdown()
        await cluster.stop()
    }
}
