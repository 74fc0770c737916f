import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("Pod")
struct PodTests {
    private func decode(_ json: String) throws -> Pod { try JSONDecoder().decode(Pod.self, from: Data(json.utf8)) }

    @Test("a real pod that is terminating is read")
    func terminating() throws {
        let fixture = try WireFixture.named("pod-get-terminating")
        let pod = try JSONDecoder().decode(Pod.self, from: Data(try fixture.bodyBytes()))
        #expect(
            pod.identity == PodIdentity(namespace: "demo", name: "bare", uid: "8d8b7b2c-0e5e-4b0c-9c6a-252592a50f90"))
        #expect(pod.metadata.resourceVersion == "324")
        #expect(pod.metadata.deletionTimestamp == Timestamp(rfc3339: "2026-11-22T15:57:51Z"))
        #expect(pod.metadata.deletionGracePeriodSeconds == 5)
        #expect(pod.metadata.labels == ["app": "bare"])
        #expect(pod.metadata.annotations.isEmpty, "last-applied-configuration is not kept")
        #expect(pod.metadata.controller == nil)
        #expect(pod.spec.nodeName == "node-a")
        #expect(pod.spec.terminationGracePeriodSeconds == 30)
        #expect(pod.isTerminating)
        #expect(!pod.isMirror)
        #expect(!pod.isFinished)
    }

    @Test("a real pod of a ReplicaSet names its controller")
    func controller() throws {
        let items = try #require(try WireFixture.named("pods-list-page-2").body["items"]).items
        let pod = try JSONDecoder().decode(Pod.self, from: Data(try WireFixture.encode(try #require(items.first))))
        #expect(pod.metadata.controller?.kind == "ReplicaSet")
        #expect(pod.metadata.controller?.name == "web-6f7bbfd8b8")
    }

    @Test("what a server leaves out has Kubernetes' defaults")
    func defaults() throws {
        let pod = try decode(#"{"metadata":{"name":"a"}}"#)
        #expect(pod == Pod(metadata: ObjectMeta(name: "a")))
        #expect(pod.spec.terminationGracePeriodSeconds == 30)
        let nulls = #"{"metadata":{"name":"a","labels":null,"creationTimestamp":null},"spec":null,"status":null}"#
        #expect(try decode(nulls) == pod)
    }

    @Test("only the annotations that we act on are kept")
    func annotations() throws {
        let pod = try decode(
            """
            {"metadata":{"name":"a","annotations":{"kubernetes.io/config.mirror":"x","drain-agent.dev/drain":"y",
            "kubectl.kubernetes.io/last-applied-configuration":"z","note":"w"}}}
            """)
        #expect(pod.metadata.annotations == ["kubernetes.io/config.mirror": "x", "drain-agent.dev/drain": "y"])
        #expect(pod.isMirror)
    }

    @Test("an owner that is no controller does not manage it")
    func owners() throws {
        let pod = try decode(
            """
            {"metadata":{"name":"a","ownerReferences":[{"kind":"Node","name":"n"},
            {"kind":"DaemonSet","name":"d","uid":"u","apiVersion":"apps/v1","controller":true}]}}
            """)
        #expect(pod.metadata.ownerReferences.count == 2)
        #expect(
            pod.metadata.controller == OwnerReference(apiVersion: "apps/v1", kind: "DaemonSet", name: "d", uid: "u"))
    }

    @Test("only an emptyDir loses its data with the pod")
    func volumes() throws {
        let with = try decode(
            #"{"metadata":{},"spec":{"volumes":[{"name":"c","configMap":{"name":"x"}},{"name":"e","emptyDir":{"medium":"Memory"}}]}}"#
        )
        #expect(with.spec.hasEmptyDir)
        let without = try decode(#"{"metadata":{},"spec":{"volumes":[{"name":"c","configMap":{"name":"x"}}]}}"#)
        #expect(!without.spec.hasEmptyDir)
    }

    @Test(
        "finished, ready and bound are read off its status",
        arguments: [
            (#"{"phase":"Succeeded"}"#, true, false, nil), (#"{"phase":"Failed"}"#, true, false, nil),
            (#"{"phase":"Running"}"#, false, false, nil),
            (#"{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}"#, false, true, nil),
            (#"{"phase":"Running","conditions":[{"type":"Ready","status":"False"}]}"#, false, false, nil),
            (
                #"{"conditions":[{"type":"PodScheduled","status":"True","lastTransitionTime":"1970-01-01T00:00:09Z"}]}"#,
                false, false, 9
            ),
            (
                #"{"conditions":[{"type":"PodScheduled","status":"False","lastTransitionTime":"1970-01-01T00:00:09Z"}]}"#,
                false, false, nil
            ),
            (#"{"conditions":[{"type":"PodScheduled","status":"True","lastTransitionTime":null}]}"#, false, false, nil),
        ] as [(String, Bool, Bool, Int64?)])
    func status(json: String, isFinished: Bool, isReady: Bool, scheduled: Int64?) throws {
        let pod = try decode(#"{"metadata":{},"status":\#(json)}"#)
        #expect(pod.isFinished == isFinished)
        #expect(pod.isReady == isReady)
        #expect(pod.scheduledAt == scheduled.map { Timestamp(seconds: $0) })
    }

    @Test(
        "what is no pod is refused",
        arguments: [
            "{}", "[]", "null", #"{"metadata":[]}"#, #"{"metadata":{"deletionTimestamp":"soon"}}"#,
            #"{"metadata":{},"spec":5}"#,
        ])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try decode(json) }
    }

    @Test("every pod of every recorded page is written and read back")
    func roundTrip() throws {
        for name in ["pods-list-page-1", "pods-list-page-2"] {
            for item in try #require(try WireFixture.named(name).body["items"]).items {
                let pod = try JSONDecoder().decode(Pod.self, from: Data(try WireFixture.encode(item)))
                #expect(try JSONDecoder().decode(Pod.self, from: try JSONEncoder().encode(pod)) == pod)
            }
        }
    }
}
