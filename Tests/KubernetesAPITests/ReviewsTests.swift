import FoundationEssentials
import KubernetesAPI
import Testing

@Suite("Reviews")
struct ReviewsTests {
    @Test("a verdict is read", arguments: [true, false])
    func verdict(allowed: Bool) throws {
        let json = #"{"kind":"SelfSubjectAccessReview","spec":{},"status":{"allowed":\#(allowed),"reason":"r"}}"#
        #expect(try JSONDecoder().decode(AccessReviewResult.self, from: Data(json.utf8)).allowed == allowed)
    }

    @Test("a pod's token says which pod it is")
    func pod() throws {
        let json = """
            {"kind":"SelfSubjectReview","status":{"userInfo":{"username":"system:serviceaccount:ops:drain-agent",
            "uid":"u","groups":["system:authenticated"],"extra":{"authentication.kubernetes.io/pod-name":["agent-x"],
            "authentication.kubernetes.io/pod-uid":["p-1"],"authentication.kubernetes.io/node-name":["node-a"]}}}}
            """
        #expect(
            try JSONDecoder().decode(SelfIdentity.self, from: Data(json.utf8))
                == SelfIdentity(
                    username: "system:serviceaccount:ops:drain-agent", podName: "agent-x", podUID: "p-1",
                    nodeName: "node-a"))
    }

    @Test("a person is no pod")
    func person() throws {
        let json = #"{"status":{"userInfo":{"username":"admin","extra":{"authentication.kubernetes.io/pod-name":[]}}}}"#
        #expect(try JSONDecoder().decode(SelfIdentity.self, from: Data(json.utf8)) == SelfIdentity(username: "admin"))
    }

    @Test("a review without an answer is refused", arguments: ["{}", #"{"status":{}}"#, #"{"status":null}"#])
    func refuses(json: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(SelfIdentity.self, from: Data(json.utf8)) }
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(AccessReviewResult.self, from: Data(json.utf8)) }
    }
}
