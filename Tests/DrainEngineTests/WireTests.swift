import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing
import Timestamps

@Suite("Recorded answers")
struct WireTests {
    @Test("every recorded answer has its row in a table", arguments: ["wire", "wire-1.20"])
    func everyFileIsPinned(folder: String) throws {
        let pinned = WireTable.evictions.map(\.file) + WireTable.elsewhere.keys
        let files = Set(try RecordedAnswer.files(in: folder).map { "\(folder)/\($0)" })
        #expect(Set(pinned.filter { $0.hasPrefix("\(folder)/") }) == files)
        #expect(Set(pinned).count == pinned.count)
    }

    @Test("the tests that a row names do read its file")
    func pinnedByWhatItSays() throws {
        let tests = "\(Fixtures.root)/Tests"
        let sources = try FileManager.default.subpathsOfDirectory(atPath: tests).filter { $0.hasSuffix(".swift") }
        for (file, tester) in WireTable.elsewhere where tester.hasSuffix("Tests") {
            let name = file.split(separator: "/").last?.dropLast(".json".count) ?? ""
            let readers = try sources.filter { $0.contains(tester) }.filter { path in
                String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(tests)/\(path)")), as: UTF8.self)
                    .contains(name)
            }
            #expect(!readers.isEmpty, "\(file): \(tester)")
        }
    }

    private struct Body<Value: Decodable>: Decodable { var body: Value }

    private func body<Value: Decodable>(_ type: Value.Type, _ file: String) throws -> Value {
        try JSONDecoder().decode(Body<Value>.self, from: Data(Fixtures.bytes("wire-1.20/\(file)"))).body
    }

    @Test("Kubernetes 1.20 wants its evictions written in policy/v1beta1")
    func discovery() throws {
        #expect(try body(APIResourceList.self, "discover-core-v1.json").evictionVersion == .v1beta1)
    }

    @Test("a review's no is read")
    func deniedReview() throws {
        #expect(try body(AccessReviewResult.self, "access-review-denied.json").allowed == false)
    }

    @Test("a terminating pod of 1.20 says when it should be gone")
    func terminatingPod() throws {
        let pod = try body(Pod.self, "pod-get-terminating.json")
        #expect(pod.isTerminating)
        #expect(pod.metadata.deletionGracePeriodSeconds == 5)
        #expect(pod.metadata.deletionTimestamp?.rfc3339() == "2026-11-22T17:59:05Z")
    }

    @Test("a page of 1.20's list has its token and its pods")
    func listPage() throws {
        struct Page: Decodable { var items: [Pod] }
        #expect(try body(ListEnvelope.self, "pods-list-page-1.json").next.isEmpty == false)
        let pods = try body(Page.self, "pods-list-page-1.json").items
        #expect(!pods.isEmpty)
        #expect(pods.allSatisfy { !$0.metadata.uid.isEmpty && $0.metadata.controller?.kind == "ReplicaSet" })
    }

    @Test("1.20's watch says that a version is too old")
    func expiredWatch() throws {
        guard case .error(let status) = try body(WatchEvent<Pod>.self, "pods-watch-410.json") else {
            Issue.record("no ERROR event")
            return
        }
        #expect(status.code == 410 && status.reason == "Expired")
    }
}
