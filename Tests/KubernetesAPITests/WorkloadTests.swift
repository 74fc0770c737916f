import FoundationEssentials
import KubernetesAPI
import Testing

@Suite("Workload")
struct WorkloadTests {
    private func workload(_ json: String) throws -> Workload {
        try JSONDecoder().decode(Workload.self, from: Data(json.utf8))
    }

    @Test("a Deployment says how it rolls")
    func deployment() throws {
        let deployment = try workload(
            #"""
            {"kind":"Deployment","metadata":{"name":"web","namespace":"shop"},"spec":{"replicas":3,"paused":true,
            "strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":1}},"template":{}}}
            """#)
        #expect(deployment.replicas == 3)
        #expect(deployment.spec.paused == true)
        #expect(
            deployment.spec.strategy
                == .init(
                    type: "RollingUpdate", rollingUpdate: .init(maxSurge: .int(1), maxUnavailable: .percent(25))))
    }

    @Test("what says nothing of replicas wants one")
    func defaults() throws {
        #expect(try workload(#"{"metadata":{"name":"a"},"spec":{}}"#).replicas == 1)
        #expect(try workload(#"{"metadata":{"name":"a"},"spec":{"replicas":0}}"#).replicas == 0)
    }

    @Test("a ReplicaSet names the Deployment it belongs to")
    func owner() throws {
        let replicaSet = try workload(
            #"""
            {"metadata":{"name":"web-1","namespace":"shop","ownerReferences":[{"apiVersion":"apps/v1",
            "kind":"Deployment","name":"web","uid":"u","controller":true}]},"spec":{"replicas":2}}
            """#)
        let owner = try #require(replicaSet.metadata.controller)
        let key = Workload.Key(owner, namespace: "shop")
        #expect(key == Workload.Key(kind: .deployment, namespace: "shop", name: "web"))
        #expect(key?.description == "Deployment shop/web")
    }

    @Test("an owner of another kind has no scale here", arguments: ["DaemonSet", "Job", "Rollout", ""])
    func strangers(kind: String) {
        #expect(Workload.Key(OwnerReference(kind: kind, name: "a"), namespace: "shop") == nil)
    }

    @Test(
        "what is no workload is refused",
        arguments: [
            "{}", #"{"metadata":{}}"#, #"{"metadata":{},"spec":{"replicas":"3"}}"#,
            #"{"metadata":{},"spec":{"replicas":2147483648}}"#,
        ])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try workload(json) }
    }
}
