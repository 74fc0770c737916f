import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing

@Suite("Status")
struct StatusTests {
    static let recordings: [String] = WireFixture.names.filter { $0.hasPrefix("evict-") || $0.contains("-4") }.filter {
        !$0.contains("watch")
    }

    @Test("every recorded status is read", arguments: recordings)
    func recorded(name: String) throws {
        let fixture = try WireFixture.named(name)
        let status = try JSONDecoder().decode(Status.self, from: Data(try fixture.bodyBytes()))
        #expect(status.code == fixture.status)
        #expect(status.message == fixture.body["message"]?.string ?? "")
        #expect(status.reason == fixture.body["reason"]?.string ?? "")
        #expect(status.details.kind == fixture.body["details"]?["kind"]?.string ?? "")
        #expect(
            status.details.causes.map(\.reason)
                == (fixture.body["details"]?["causes"]?.items ?? []).map { $0["reason"]?.string })
    }

    @Test("there are recorded ones to read")
    func thereAreRecordings() { #expect(Self.recordings.count >= 14) }

    @Test("a budget's refusal names its cause")
    func cause() throws {
        let status = try JSONDecoder().decode(
            Status.self, from: Data(try WireFixture.named("evict-429-pdb").bodyBytes()))
        #expect(
            status.cause("DisruptionBudget")?.message
                == "The disruption budget web-pdb needs 4 healthy pods and has 4 currently")
        #expect(status.cause("NamespaceTerminating") == nil)
    }

    @Test("what a server leaves out is empty")
    func defaults() throws {
        #expect(try JSONDecoder().decode(Status.self, from: Data("{}".utf8)) == Status(code: 0))
        let sparse = #"{"code":429,"details":{"causes":[{}],"retryAfterSeconds":5},"reason":null}"#
        let expected = Status(
            code: 429, details: Status.Details(causes: [Status.Cause(reason: "")], retryAfterSeconds: 5))
        #expect(try JSONDecoder().decode(Status.self, from: Data(sparse.utf8)) == expected)
    }

    @Test("what is written is read back")
    func roundTrip() throws {
        let status = Status(
            code: 429, reason: "TooManyRequests", message: "no",
            details: Status.Details(kind: "pods", name: "a", causes: [Status.Cause(reason: "R", message: "m")]))
        #expect(try JSONDecoder().decode(Status.self, from: try JSONEncoder().encode(status)) == status)
    }
}
