import Testing

@testable import KubernetesClient

@Suite("Impersonation")
struct ImpersonationTests {
    @Test("everything has its header, and keys are escaped")
    func headers() {
        let impersonation = Impersonation(
            user: "jane", uid: "7", groups: ["dev", "ops"],
            extra: ["example.org/scopes": ["a", "b"], "Plain-Key_1": ["c"], "ä %": ["d"]])
        #expect(
            impersonation.headers.map { "\($0.name): \($0.value)" } == [
                "Impersonate-User: jane", "Impersonate-Uid: 7", "Impersonate-Group: dev", "Impersonate-Group: ops",
                "Impersonate-Extra-Plain-Key_1: c", "Impersonate-Extra-example.org%2Fscopes: a",
                "Impersonate-Extra-example.org%2Fscopes: b", "Impersonate-Extra-%C3%A4%20%25: d",
            ])
    }
}
