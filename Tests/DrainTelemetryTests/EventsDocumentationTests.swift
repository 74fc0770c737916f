import DrainTelemetry
import KubernetesAPI
import TestSupport
import Testing

@Suite("docs/events.md")
struct EventsDocumentationTests {
    private func words(_ heading: String) throws -> [String: String] {
        let rows = try Documentation.table(heading, of: "events.md")
        return Dictionary(
            uniqueKeysWithValues: try rows.map { (try #require(Documentation.words($0[0]).first), $0[1]) })
    }

    @Test("every reason is documented with its type, and the other way round")
    func reasons() throws {
        let documented = try words("On the node").merging(try words("On pods")) { first, _ in
            Issue.record("a reason is there twice")
            return first
        }
        let written = Dictionary(
            uniqueKeysWithValues: ClusterEventReason.allCases.map { ($0.rawValue, $0.level.rawValue) })
        #expect(documented == written)
    }

    @Test("every condition is documented, and the other way round")
    func conditions() throws {
        #expect(Set(try words("Conditions").keys) == Set(DrainCondition.allCases.map(\.rawValue)))
    }
}
