import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing

@Suite("API groups")
struct APIGroupTests {
    @Test(
        "the newest version that both know is read",
        arguments: [
            (["policy/v1", "policy/v1beta1"], PolicyVersion.v1), (["policy/v1beta1", "policy/v1"], .v1),
            (["policy/v1beta1"], .v1beta1), (["policy/v2", "policy/v1"], .v1), (["policy/v2"], nil), ([], nil),
        ] as [([String], PolicyVersion?)])
    func version(served: [String], expected: PolicyVersion?) {
        #expect(APIGroup(versions: served.map(APIGroup.Version.init)).policyVersion == expected)
    }

    @Test("a real 1.20 has its budgets in v1beta1")
    func real() throws {
        struct Recording: Decodable { var body: APIGroup }
        let bytes = try Fixtures.bytes("wire-1.20/discover-policy.json")
        #expect(try JSONDecoder().decode(Recording.self, from: Data(bytes)).body.policyVersion == .v1beta1)
    }
}
