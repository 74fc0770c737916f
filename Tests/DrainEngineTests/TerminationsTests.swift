import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("Terminations: why a pod that should be gone is not")
struct TerminationsTests {
    private static let epoch = ScriptedDrain.epoch
    private var terminations = Terminations()
    private var node = NodeView()

    private static func pod(
        finalizers: [String] = [], running: [String] = [], claims: [String] = []
    ) -> Pod {
        var pod = Pod.stub("a", finalizers: finalizers, deletion: epoch)
        pod.status.containerStatuses = running.map { ContainerStatus(name: $0, isRunning: true) }
        pod.status.containerStatuses.append(ContainerStatus(name: "done", isRunning: false))
        pod.spec.volumes = claims.map { Volume(name: $0, persistentVolumeClaim: Volume.Claim(claimName: $0)) }
        return pod
    }

    private static func node(ready: String = "True", volumes: [String] = []) -> NodeView {
        var view = NodeView()
        _ = view.seen(
            Node(
                metadata: ObjectMeta(name: "node-a"),
                status: NodeStatus(
                    conditions: [Condition(type: "Ready", status: ready, message: "kubelet stopped")],
                    volumesAttached: volumes.map { AttachedVolume(name: $0) })))
        return view
    }

    private static func reasons(_ facts: [DrainEvent.Fact]) -> [StuckTermination.Reason?] {
        facts.compactMap { if case .stuck(_, let stuck) = $0 { .some(stuck?.reason) } else { nil } }
    }

    @Test(
        "the reason is the first thing that has to be dealt with",
        arguments: [
            (pod(finalizers: ["x/y"], running: ["web"]), node(ready: "Unknown"), StuckTermination.Reason.nodeNotReady),
            (pod(finalizers: ["x/y"], running: ["web"]), node(), .containersRunning),
            (pod(finalizers: ["x/y"], claims: ["data"]), node(volumes: ["v"]), .finalizers),
            (pod(claims: ["data"]), node(volumes: ["v"]), .volumeAttached),
            (pod(claims: ["data"]), node(), .unknown),
            (pod(), node(volumes: ["v"]), .unknown),
        ])
    mutating func reasons(_ row: (pod: Pod, node: NodeView, reason: StuckTermination.Reason)) throws {
        let facts = terminations.observed(row.pod, index: 0, row.node, at: Self.epoch + .seconds(10))
        guard case .stuck(0, let stuck?) = facts.first else {
            Issue.record("\(facts)")
            return
        }
        #expect(stuck.reason == row.reason && stuck.overdueSince == Self.epoch && !stuck.detail.isEmpty)
    }

    @Test("it names finalizers, containers and claims")
    mutating func details() {
        let late = Self.epoch + .seconds(10)
        var details: [String] = []
        for pod in [
            Self.pod(finalizers: ["x/y", "z"]), Self.pod(running: ["web", "log"]), Self.pod(claims: ["data"]),
        ] {
            for case .stuck(_, let stuck?) in terminations.observed(
                pod, index: 0, Self.node(volumes: ["v"]), at: late)
            {
                details.append(stuck.detail)
            }
        }
        #expect(details == ["x/y, z", "web, log", "claims data"])
    }

    @Test("it is called stuck ten seconds after its deletionTimestamp, and not before")
    mutating func patience() {
        let early = terminations.observed(Self.pod(running: ["web"]), index: 3, node, at: Self.epoch - .seconds(20))
        #expect(early.isEmpty)
        #expect(terminations.nextWake == Self.epoch + .seconds(10))
        let nearly = terminations.review(node, at: Self.epoch + .milliseconds(9999))
        #expect(nearly.isEmpty && terminations.nextWake == Self.epoch + .seconds(10))
        let late = terminations.review(node, at: Self.epoch + .seconds(10))
        #expect(Self.reasons(late) == [.containersRunning])
        #expect(terminations.nextWake == nil)
    }

    @Test("facts come on changes only: of the pod, of the node, and when it goes")
    mutating func changes() {
        let late = Self.epoch + .seconds(30)
        let pod = Self.pod(finalizers: ["x/y"], running: ["web"])
        var facts = terminations.observed(pod, index: 0, node, at: late)
        facts += terminations.observed(pod, index: 0, node, at: late)
        facts += terminations.review(node, at: late)
        facts += terminations.review(Self.node(ready: "False"), at: late)
        facts += terminations.review(Self.node(), at: late)
        facts += terminations.observed(Self.pod(finalizers: ["x/y"]), index: 0, node, at: late)
        facts += terminations.gone(0)
        facts += terminations.gone(0)
        #expect(
            Self.reasons(facts) == [.containersRunning, .nodeNotReady, .containersRunning, .finalizers, nil])
    }

    @Test("a pod that goes in time is no news")
    mutating func inTime() {
        _ = terminations.observed(Self.pod(), index: 0, node, at: Self.epoch - .seconds(30))
        let facts = terminations.gone(0)
        #expect(facts.isEmpty)
        #expect(terminations.review(node, at: Self.epoch + .seconds(60)).isEmpty)
    }

    @Test("in a drain: a finalizer that nobody removes is named, until somebody does")
    func drain() {
        let drain = ScriptedDrain([.stub("a", finalizers: ["x/y"])])
        drain.termination = { _ in nil }
        drain.at(.seconds(100)) { $0.remove("a-uid") }
        #expect(drain.run() == .ended)
        let stuck = drain.events.compactMap { event -> (Duration, StuckTermination.Reason?)? in
            guard case .stuck(0, let stuck) = event.fact else { return nil }
            return (event.at - Self.epoch, stuck?.reason)
        }
        #expect(stuck.map(\.1) == [.finalizers, nil])
        // Accepted within the first tenth of a second, 30 s of grace, 10 s of patience.
        #expect(stuck.first.map { $0.0 > .seconds(40) && $0.0 < .seconds(41) } == true)
    }
}
