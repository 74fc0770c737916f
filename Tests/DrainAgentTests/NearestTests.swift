import Testing

@testable import DrainAgent

@Suite struct NearestTests {
    @Test(
        "letters that are wrong, missing, too many or swapped are forgiven, one in three at most",
        arguments: [
            ("drian", "drain"), ("drai", "drain"), ("draain", "drain"), ("brain", "drain"), ("stat", nil),
            ("worker-33", "worker-3"), ("x", nil), ("", nil), ("drain", "drain"),
        ] as [(String, String?)])
    func nearest(word: String, meant: String?) {
        #expect(Nearest.to(word, among: ["status", "drain", "worker-3", "plan"]) == meant)
    }

    @Test("of two that are as near the first by name is meant")
    func several() { #expect(Nearest.to("worker-1", among: ["worker-3", "worker-2"]) == "worker-2") }
}
