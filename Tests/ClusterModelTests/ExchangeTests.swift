import ClusterModel
import KubernetesAPI
import Testing
import Timestamps

@Suite("Calls and exchanges")
struct ExchangeTests {
    private static let moment = Scenario.start

    /// A cluster with one of everything that a drain asks for.
    private static func cluster() -> ClusterModel {
        var model = Scenario.web(.minAvailable(.int(2)))
        var stateful = PodTemplate()
        stateful.hasVolume = true
        model.addStatefulSet("demo", "db", replicas: 1, on: ["node-a"], stateful)
        model.addReplicaSet("demo", "bare-set", replicas: 1, on: ["node-b"])
        model.addReplicationController("demo", "old", replicas: 2, on: ["node-b", "node-b"])
        model.addBudget("other", "lonely", .maxUnavailable(.percent(50)), selecting: ["app": "x"])
        return model
    }

    private static func lease(_ name: String = "slot-0", version: String = "", holder: String = "a") -> Lease {
        Lease(
            metadata: ObjectMeta(name: name, namespace: "kube-system", resourceVersion: version),
            spec: .init(holderIdentity: holder))
    }

    private static func event(_ subject: ClusterEvent.Subject, count: Int = 1) -> ClusterEvent {
        ClusterEvent(
            subject: subject, name: "e.1", reason: "Draining", message: "m\(count)", count: count, firstSeen: moment,
            lastSeen: moment + .seconds(count))
    }

    @Test("budgets are listed, of one namespace or of all, as a client reads them")
    func budgets() throws {
        var model = Self.cluster()
        func list(_ namespace: String?) -> [Budget] {
            let answer = model.exchange(.listBudgets(namespace: namespace, .cache()), at: model.now).answer
            guard case .success(200, .budgets(let list)) = answer else { return [] }
            return list.items
        }
        #expect(list(nil).map(\.metadata.name) == ["web", "lonely"])
        #expect(list("other").map(\.metadata.name) == ["lonely"])
        let web = try #require(list("demo").first)
        #expect(
            web.spec
                == BudgetSpec(
                    minAvailable: .int(2), selector: LabelSelector([.isIn(key: "app", values: ["web"])])))
        #expect(web.status.disruptionsAllowed == 1)
        #expect(web.isCurrent)
    }

    @Test(
        "workloads are read",
        arguments: [
            (Workload.Kind.deployment, "web", 3), (.statefulSet, "db", 1), (.replicaSet, "bare-set", 1),
            (.replicationController, "old", 2),
        ])
    func workloads(kind: Workload.Kind, name: String, replicas: Int) {
        var model = Self.cluster()
        let key = Workload.Key(kind: kind, namespace: "demo", name: name)
        guard case .success(200, .workload(let workload)) = model.exchange(.readWorkload(key), at: model.now).answer
        else {
            Issue.record("not there")
            return
        }
        #expect(workload.replicas == replicas)
        #expect((workload.spec.strategy == nil) == (kind != .deployment))
        let owners = model.pods().compactMap(\.metadata.controller).filter { $0.kind == kind.rawValue }
        #expect(kind == .deployment || owners.contains { $0.name == name })
        let missing = Workload.Key(kind: kind, namespace: "demo", name: "missing")
        #expect(model.exchange(.readWorkload(missing), at: model.now).code == 404)
    }

    @Test("pods are found by their labels, on whatever node")
    func selectedPods() {
        var model = Self.cluster()
        let call = APICall.listSelectedPods(
            namespace: "demo", LabelSelector([.isIn(key: "app", values: ["old", "db"])]))
        guard case .success(200, .pods(let list)) = model.exchange(call, at: model.now).answer else {
            Issue.record("refused")
            return
        }
        #expect(Set(list.items.map(\.spec.nodeName)) == ["node-a", "node-b"])
        #expect(list.items.count == 3)
        #expect(list.items.allSatisfy { $0.status.containerStatuses.map(\.isRunning) == [true] })
    }

    @Test("a node's annotations come and go, its conditions are merged, and the answer is the node")
    func node() {
        var model = Self.cluster()
        func patch(_ patch: NodePatch, dryRun: Bool = false) -> Node? {
            let answer = model.exchange(.patchNode("node-a", patch, dryRun: dryRun), at: model.now).answer
            guard case .success(200, .node(let node)) = answer else { return nil }
            return node
        }
        let mark = ["drain-agent.dev/drain": String?.some("{}")]
        #expect(patch(NodePatch(annotations: mark), dryRun: true)?.metadata.annotations.count == 1)
        #expect(patch(NodePatch(unschedulable: true))?.metadata.annotations == [:])
        #expect(patch(NodePatch(annotations: mark))?.metadata.annotations == ["drain-agent.dev/drain": "{}"])
        #expect(patch(NodePatch(annotations: ["drain-agent.dev/drain": nil]))?.metadata.annotations == [:])
        let condition = Condition(type: "Drained", status: "False", reason: "R", lastTransitionTime: Self.moment)
        let answer = model.exchange(.setNodeConditions("node-a", [condition]), at: model.now).answer
        #expect(answer == .success(code: 200, .other))
        guard case .success(_, .node(let node)) = model.exchange(.readNode("node-a"), at: model.now).answer else {
            Issue.record("gone")
            return
        }
        #expect(node.spec.unschedulable)
        #expect(node.status.conditions.map(\.type) == ["Ready", "Drained"])
        #expect(node.status.conditions.last == condition)
    }

    @Test("a reboot gives another boot id, and the containers begin anew")
    func reboot() throws {
        var model = Self.cluster()
        func boot() -> String? {
            guard case .success(_, .node(let node)) = model.exchange(.readNode("node-a"), at: model.now).answer else {
                return nil
            }
            return node.status.bootID
        }
        let before = try #require(boot())
        let uids = model.pods(on: "node-a").map(\.metadata.uid)
        _ = model.evict("db-0")
        model.perform(.reboot(node: "node-a"))
        #expect(boot() != before)
        #expect(!before.isEmpty && boot()?.isEmpty == false)
        let web = model.pods(on: "node-a").filter { $0.metadata.labels["app"] == "web" }
        #expect(web.count == 3)
        #expect(web.allSatisfy { !$0.isReady && $0.status.phase == "Running" })
        model.advance(to: Scenario.start)
        #expect(model.pod("db-0").map { uids.contains($0.metadata.uid) } != true, "it was going, and is gone")
        model.advance(to: Scenario.start + .seconds(2))
        let after = model.pods(on: "node-a").filter { $0.metadata.labels["app"] == "web" }
        #expect(after.allSatisfy { $0.isReady && uids.contains($0.metadata.uid) })
    }

    @Test("Leases are taken, kept, given back, and listed by their label")
    func leases() throws {
        var model = Self.cluster()
        func lease(_ call: APICall) -> (code: Int?, lease: Lease?) {
            let exchange = model.exchange(call, at: model.now)
            guard case .success(_, .lease(let lease)) = exchange.answer else { return (exchange.code, nil) }
            return (exchange.code, lease)
        }
        let created = lease(.createLease(Self.lease()))
        #expect(created.code == 201)
        let first = try #require(created.lease)
        #expect(first.metadata.labels == [Lease.label.key: Lease.label.value])
        #expect(lease(.createLease(Self.lease())).code == 409)
        #expect(lease(.createLease(Self.lease("slot-1", version: "5"))).code == 500)
        #expect(lease(.replaceLease(Self.lease(version: "1"))).code == 409)
        #expect(lease(.replaceLease(Self.lease(version: ""))).code == 422)
        let kept = lease(.replaceLease(Self.lease(version: first.metadata.resourceVersion, holder: "b")))
        #expect(kept.lease?.spec.holderIdentity == "b")
        #expect(kept.lease?.metadata.uid == first.metadata.uid)
        _ = model.handle(
            .createLease(Lease(metadata: ObjectMeta(name: "theirs", namespace: "kube-system"))), at: model.now)
        let list = model.exchange(.listLeases(namespace: "kube-system"), at: model.now).answer
        #expect(list == .success(code: 200, .leases([try #require(kept.lease)])))
        #expect(model.exchange(.deleteLease(first), at: model.now).code == 409)
        let deletion = model.exchange(.deleteLease(try #require(kept.lease)), at: model.now)
        #expect(deletion.answer == .success(code: 200, .other))
        #expect(model.exchange(.deleteLease(first), at: model.now).code == 404)
        // A PUT brings it back: what a real server does.
        #expect(lease(.replaceLease(first)).code == 201)
    }

    @Test("an Event is made once, and counts up")
    func events() throws {
        var model = Self.cluster()
        let pod = try #require(model.pods().first).identity
        for subject in [ClusterEvent.Subject.node("node-a"), .pod(pod)] {
            #expect(model.exchange(.repeatEvent(Self.event(subject)), at: model.now).code == 404)
            let created = model.exchange(.createEvent(Self.event(subject)), at: model.now)
            #expect(created.answer == .success(code: 201, .other))
            #expect(model.exchange(.createEvent(Self.event(subject)), at: model.now).code == 409)
            let repeated = model.exchange(.repeatEvent(Self.event(subject, count: 2)), at: model.now)
            #expect(repeated.answer == .success(code: 200, .other))
        }
        #expect(model.postedEvents.map(\.count) == [2, 2])
        #expect(model.postedEvents.map(\.message) == ["m2", "m2"])
        #expect(model.postedEvents.map(\.metadata.namespace) == ["default", "demo"])
        #expect(model.postedEvents.map(\.involvedUID) == ["node-a", pod.uid])
        #expect(model.postedEvents.map(\.firstTimestamp) == [Self.moment, Self.moment])
        #expect(model.postedEvents.map(\.lastTimestamp) == [Self.moment + .seconds(2), Self.moment + .seconds(2)])
    }

    @Test("Events are bounded, and come into no namespace that is not there or that goes")
    func eventBounds() throws {
        var model = Self.cluster()
        for number in 0..<1200 {
            var event = Self.event(.node("node-a"))
            event.name = "e.\(number)"
            #expect(model.exchange(.createEvent(event), at: model.now).code == 201)
        }
        #expect((900...1000).contains(model.postedEvents.count))
        #expect(model.postedEvents.last?.metadata.name == "e.1199")
        model.perform(.terminateNamespace("demo"))
        let going = Self.event(.pod(PodIdentity(namespace: "demo", name: "a", uid: "u")))
        guard case .refusal(let status) = model.exchange(.createEvent(going), at: model.now).answer else {
            Issue.record("taken")
            return
        }
        #expect(status.code == 403)
        #expect(status.details.causes.map(\.reason) == ["NamespaceTerminating"])
        let nowhere = Self.event(.pod(PodIdentity(namespace: "nowhere", name: "a", uid: "u")))
        #expect(model.exchange(.createEvent(nowhere), at: model.now).code == 404)
    }

    @Test("a volume stays attached for a while after its pod, and the node says so")
    func volumes() throws {
        var timing = Timing.instant
        timing.detach = .after(.seconds(6))
        var model = Scenario.empty(timing)
        var template = PodTemplate(stopAfter: .after(.seconds(1)))
        template.hasVolume = true
        model.addStatefulSet("demo", "db", replicas: 1, on: ["node-a"], template)
        model.perform(.setUnschedulable(node: "node-a", true))
        func attached() -> [String] {
            guard
                case .success(200, .volumeAttachments(let list)) = model.exchange(.listVolumeAttachments, at: model.now)
                    .answer
            else { return ["refused"] }
            return list.map(\.nodeName)
        }
        func volumes(_ node: String) -> Int? {
            guard case .success(_, .node(let node)) = model.exchange(.readNode(node), at: model.now).answer else {
                return nil
            }
            return node.status.volumesAttached.count
        }
        #expect(attached() == ["node-a"])
        #expect(volumes("node-a") == 1)
        _ = model.evict("db-0")
        model.advance(to: Scenario.start + .seconds(2))
        #expect(model.pods(on: "node-a").isEmpty)
        #expect(attached() == ["node-a", "node-b"])
        model.advance(to: Scenario.start + .milliseconds(6900))
        #expect(volumes("node-a") == 1)
        model.advance(to: Scenario.start + .seconds(7))
        #expect(attached() == ["node-b"])
        #expect(volumes("node-a") == 0)
        #expect(volumes("node-b") == 1)
    }

    @Test("a volume whose pod comes back to the node in time stays attached")
    func reattached() {
        var timing = Timing.instant
        timing.detach = .after(.seconds(6))
        var model = Scenario.empty(timing)
        var template = PodTemplate(stopAfter: .after(.seconds(1)))
        template.hasVolume = true
        model.addStatefulSet("demo", "db", replicas: 1, on: ["node-a"], template)
        model.perform(.setUnschedulable(node: "node-b", true))
        let before = model.exchange(.listVolumeAttachments, at: model.now).answer
        _ = model.evict("db-0")
        model.advance(to: Scenario.start + .seconds(30))
        #expect(model.pod("db-0")?.isReady == true)
        #expect(model.exchange(.listVolumeAttachments, at: model.now).answer == before)
    }

    @Test("a container runs from its start to its end, and then the pod is still there")
    func containers() throws {
        var template = PodTemplate(stopAfter: .after(.seconds(2)))
        template.finalizers = ["example.com/hold"]
        var model = Scenario.empty()
        model.addBarePod("demo", "held", on: "node-a", template)
        func running() -> [Bool]? { model.pod("held")?.status.containerStatuses.map(\.isRunning) }
        #expect(running() == [true])
        _ = model.evict("held")
        model.advance(to: Scenario.start + .seconds(1))
        #expect(running() == [true])
        model.advance(to: Scenario.start + .seconds(2))
        #expect(running() == [false])
    }

    static let access: [(APICall, AccessAttributes)] = [
        (.patchNode("node-a", NodePatch(unschedulable: true)), AccessAttributes("patch", .nodes)),
        (.setNodeConditions("node-a", []), AccessAttributes("patch", .nodes, subresource: "status")),
        (.listSelectedPods(namespace: "demo", LabelSelector()), AccessAttributes("list", .pods)),
        (.listBudgets(namespace: nil, .cache()), AccessAttributes("list", .budgets)),
        (
            .readWorkload(.init(kind: .deployment, namespace: "demo", name: "web")),
            AccessAttributes("get", .deployments)
        ),
        (
            .readWorkload(.init(kind: .replicationController, namespace: "demo", name: "old")),
            AccessAttributes("get", .replicationControllers)
        ),
        (
            .restartRollout(.init(kind: .deployment, namespace: "demo", name: "web"), at: moment),
            AccessAttributes("patch", .deployments)
        ),
        (.createEvent(event(.node("node-a"))), AccessAttributes("create", .events)),
        (.repeatEvent(event(.node("node-a"))), AccessAttributes("patch", .events)),
        (.listLeases(namespace: "kube-system"), AccessAttributes("list", .leases)),
        (.createLease(lease()), AccessAttributes("create", .leases)),
        (.replaceLease(lease(version: "1")), AccessAttributes("update", .leases)),
        (.deleteLease(lease(version: "1")), AccessAttributes("delete", .leases)),
        (.listVolumeAttachments, AccessAttributes("list", .volumeAttachments)),
    ]

    @Test(
        "what is forbidden is refused, what goes wrong on demand goes wrong, and neither does anything",
        arguments: access)
    func accessAndFaults(call: APICall, attributes: AccessAttributes) {
        var model = Self.cluster()
        model.access.denied = [attributes]
        let revision = model.revision
        #expect(model.exchange(call, at: model.now).code == 403)
        model.access.denied = []
        model.faults.add(Fault(.unavailable, on: .requests(attributes), times: 1))
        #expect(model.exchange(call, at: model.now).code == 503)
        #expect(model.faults.isEmpty)
        #expect(model.revision == revision)
    }
}
