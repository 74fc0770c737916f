import FoundationEssentials
import KubernetesAPI
import Testing
import Timestamps

@Suite("Lease")
struct LeaseTests {
    @Test("a real Lease is read: its times have six decimals")
    func real() throws {
        let json = """
            {"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"slot-0","namespace":"kube-system",
            "uid":"1f870a74-d84c-4f0f-9fd5-7a82f65e74c5","resourceVersion":"293",
            "creationTimestamp":"2026-11-22T20:56:23Z","labels":{"app.kubernetes.io/managed-by":"drain-agent"}},
            "spec":{"holderIdentity":"a","leaseDurationSeconds":60,"acquireTime":"2027-01-15T08:00:00.123456Z",
            "renewTime":"2027-01-15T08:00:00.000000Z","leaseTransitions":1}}
            """
        let lease = try JSONDecoder().decode(Lease.self, from: Data(json.utf8))
        #expect(lease.metadata.resourceVersion == "293")
        #expect(lease.metadata.labels == [Lease.label.key: Lease.label.value])
        #expect(
            lease.spec
                == Lease.Spec(
                    holderIdentity: "a", leaseDurationSeconds: 60,
                    acquireTime: Timestamp(seconds: 1_800_000_000) + .microseconds(123_456),
                    renewTime: Timestamp(seconds: 1_800_000_000), leaseTransitions: 1))
    }

    @Test(
        "a Lease that nobody holds is one",
        arguments: ["", #","spec":{}"#, #","spec":{"holderIdentity":null,"renewTime":null}"#])
    func empty(spec: String) throws {
        let lease = try JSONDecoder().decode(Lease.self, from: Data(#"{"metadata":{"name":"a"}\#(spec)}"#.utf8))
        #expect(lease == Lease(metadata: ObjectMeta(name: "a")))
    }

    @Test(
        "what is no Lease is refused",
        arguments: [
            "{}", "[]", #"{"metadata":{},"spec":{"renewTime":"now"}}"#, #"{"metadata":{},"spec":[]}"#,
            #"{"metadata":{},"spec":{"leaseTransitions":2147483648}}"#,
        ])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Lease.self, from: Data(json.utf8)) }
    }
}
