import DrainEngine
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("DrainPlan: which pods go")
struct DrainPlanTests {
    private static let now = ScriptedDrain.epoch

    private static func policy(_ change: (inout DrainPolicy) -> Void = { _ in }) -> DrainPolicy {
        var policy = DrainPolicy(node: "node-a")
        change(&policy)
        return policy
    }

    private static func plan(
        _ pods: [Pod], _ policy: DrainPolicy = policy(), missing: Set<DrainPlan.DaemonSetKey> = []
    ) -> DrainPlan {
        DrainPlan(pods: pods, missing: missing, policy: policy, at: now)
    }

    private static let mirror = [Pod.mirrorAnnotation: "x"]
    private static let keyOfLogs: DrainPlan.DaemonSetKey? = DrainPlan.daemonSet(
        of: .stub("x", owner: .daemonSet("logs")))

    struct Row: Sendable, CustomStringConvertible {
        var description: String
        var pod: Pod
        var reason: ExclusionReason?

        init(_ description: String, _ pod: Pod, _ reason: ExclusionReason?) {
            self.description = description
            self.pod = pod
            self.reason = reason
        }
    }

    /// Under a policy with a selector `app=web`, our own pod `own`, and 10 s of patience with terminating pods.
    static let rows = [
        Row("an ordinary pod goes", .stub("a", labels: ["app": "web"]), nil),
        Row("a mirror is left", .stub("a", labels: ["app": "web"], annotations: mirror), .mirror),
        Row("mirror comes before self", .stub("own", owner: .daemonSet("agent"), annotations: mirror), .mirror),
        Row("our own pod of a DaemonSet is left", .stub("own", owner: .daemonSet("agent")), .self),
        Row("our own static pod is left", .stub("own", owner: OwnerReference(kind: "Node", name: "node-a")), .self),
        Row("our own terminating pod is left", .stub("own", labels: ["app": "web"], deletion: now), .self),
        Row("our own pod goes, if a ReplicaSet owns it", .stub("own", labels: ["app": "web"]), nil),
        Row("self comes before the selector", .stub("own", owner: .daemonSet("agent"), labels: ["app": "db"]), .self),
        Row("what the selector does not match is left", .stub("a", labels: ["app": "db"]), .selector),
        Row("the selector comes before finished", .stub("a", phase: "Succeeded"), .selector),
        Row(
            "the selector comes before daemonset", .stub("a", owner: .daemonSet("logs"), labels: ["app": "db"]),
            .selector),
        Row("a pod of a DaemonSet is left", .stub("a", owner: .daemonSet("logs"), labels: ["app": "web"]), .daemonset),
        Row(
            "a finished pod of a DaemonSet goes",
            .stub("a", owner: .daemonSet("logs"), labels: ["app": "web"], phase: "Failed"), nil),
        Row("a finished pod goes", .stub("a", labels: ["app": "web"], phase: "Succeeded"), nil),
        Row(
            "a pod that terminates for too long is left",
            .stub("a", labels: ["app": "web"], deletion: now - .seconds(11)), .terminating),
        Row(
            "a pod that terminates within the patience goes",
            .stub("a", labels: ["app": "web"], deletion: now - .seconds(10)), nil),
        Row(
            "daemonset comes before terminating",
            .stub("a", owner: .daemonSet("logs"), labels: ["app": "web"], deletion: now - .seconds(60)), .daemonset),
        Row(
            "a finished pod goes, however long it terminates",
            .stub("a", labels: ["app": "web"], deletion: now - .seconds(60), phase: "Failed"), nil),
    ]

    @Test("the rows are tried in their order", arguments: rows)
    func exclusions(row: Row) throws {
        let policy = Self.policy {
            $0.podSelector = LabelSelector([.isIn(key: "app", values: ["web"])])
            $0.selfPod = PodIdentity(namespace: "demo", name: "own", uid: "own-uid")
            $0.skipTerminatingAfter = .seconds(10)
        }
        let plan = Self.plan([row.pod], policy)
        #expect(plan.exclusions.first?.reason == row.reason)
        #expect(plan.targets.count + plan.exclusions.count == 1)
    }

    @Test("without a patience every terminating pod is waited for")
    func noPatience() {
        #expect(Self.plan([.stub("a", deletion: Self.now - .seconds(9999))]).targets.count == 1)
    }

    @Test("an owner of kind DaemonSet that is not the controller does not keep a pod")
    func notTheController() {
        let owner = OwnerReference(kind: "DaemonSet", name: "logs", controller: false)
        #expect(Self.plan([.stub("a", owner: owner)]).targets.count == 1)
    }

    @Test("a pod whose DaemonSet is missing is an orphan: it goes, unless that is refused")
    func orphans() throws {
        let missing: Set = [try #require(Self.keyOfLogs)]
        let pods: [Pod] = [.stub("a", owner: .daemonSet("logs")), .stub("b", owner: .daemonSet("net"))]
        let plan = Self.plan(pods, missing: missing)
        #expect(plan.targets.map(\.metadata.name) == ["a"])
        #expect(plan.refusals.isEmpty)
        let refusing = Self.plan(pods, Self.policy { $0.refusals.unmanaged = true }, missing: missing)
        #expect(refusing.refusals.map(\.cause) == [.orphan])
        #expect(refusing.refusalText?.contains("demo/a") == true)
    }

    @Test("a DaemonSet of the same name in another namespace is another one")
    func orphansByNamespace() throws {
        let missing: Set = [try #require(Self.keyOfLogs)]
        let plan = Self.plan([.stub("a", namespace: "other", owner: .daemonSet("logs"))], missing: missing)
        #expect(plan.exclusions.map(\.reason) == [.daemonset])
    }

    @Test("kubectl's refusals are made when they are asked for, and name their flags")
    func refusals() {
        let pods: [Pod] = [
            .stub("bare", owner: nil), .stub("data", emptyDir: true), .stub("logs", owner: .daemonSet("logs")),
            .stub("both", owner: nil, emptyDir: true), .stub("done", owner: nil, phase: "Succeeded", emptyDir: true),
            .stub("going", owner: nil, deletion: Self.now, emptyDir: true), .stub("fine"),
        ]
        #expect(Self.plan(pods).refusalText == nil)
        let plan = Self.plan(
            pods, Self.policy { $0.refusals = .init(emptyDir: true, unmanaged: true, daemonSets: true) })
        let found = plan.refusals.map { "\($0.pod.name) \($0.cause.rawValue)" }
        #expect(found == ["bare unmanaged", "both emptydir", "both unmanaged", "data emptydir", "logs daemonset"])
        let text = plan.refusalText ?? ""
        for flag in ["--ignore-daemonsets", "--delete-emptydir-data", "--force"] { #expect(text.contains(flag)) }
        #expect(text.hasPrefix("nothing was touched"))
    }

    @Test("targets come by namespace and name, our own pod last")
    func order() {
        let policy = Self.policy { $0.selfPod = PodIdentity(namespace: "a", name: "own", uid: "") }
        let plan = Self.plan(
            [.stub("z", namespace: "b"), .stub("own", namespace: "a"), .stub("y", namespace: "b"), .stub("c")], policy)
        #expect(plan.targets.map(\.metadata.name) == ["y", "z", "c", "own"])
    }

    @Test("our own pod is known by its UID, or by its name where none is known")
    func selfByIdentity() {
        let leave = Self.policy {
            $0.ownPod = .leave
            $0.selfPod = PodIdentity(namespace: "demo", name: "own", uid: "own-uid")
        }
        #expect(Self.plan([.stub("own")], leave).exclusions.map(\.reason) == [.self])
        #expect(Self.plan([.stub("own", uid: "another")], leave).targets.count == 1)
        let byName = Self.policy {
            $0.ownPod = .leave
            $0.selfPod = PodIdentity(namespace: "demo", name: "own", uid: "")
        }
        #expect(Self.plan([.stub("own", uid: "another")], byName).exclusions.map(\.reason) == [.self])
        #expect(Self.plan([.stub("own", namespace: "else")], byName).targets.count == 1)
    }
}
