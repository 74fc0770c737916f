import FoundationEssentials
import KubernetesAPI
import TestSupport
import Testing

@Suite("Watch events")
struct WatchEventTests {
    private func events(_ name: String) throws -> [WatchEvent<Pod>] {
        var splitter = LineSplitter()
        let lines = try splitter.push(try WireFixture.named(name).bodyBytes()[...])
        return try lines.map { try JSONDecoder().decode(WatchEvent<Pod>.self, from: Data($0)) }
    }

    @Test("a real watch is read")
    func realWatch() throws {
        let fixture = try WireFixture.named("pods-watch")
        let events = try events("pods-watch")
        #expect(events.count == fixture.body.items.count)
        for (event, line) in zip(events, fixture.body.items) {
            let object = try #require(line["object"])
            switch event {
            case .added(let pod), .modified(let pod), .deleted(let pod):
                #expect(pod.metadata.name == object["metadata"]?["name"]?.string)
                #expect(pod.metadata.resourceVersion == object["metadata"]?["resourceVersion"]?.string)
                #expect(pod.spec.nodeName == "node-a")
            case .bookmark(let version): #expect(version == object["metadata"]?["resourceVersion"]?.string)
            case .error: Issue.record("no error in this watch")
            }
        }
        let types = events.map { event in
            switch event {
            case .added: "ADDED"
            case .modified: "MODIFIED"
            case .deleted: "DELETED"
            case .bookmark: "BOOKMARK"
            case .error: "ERROR"
            }
        }
        #expect(types == fixture.body.items.map { $0["type"]?.string })
    }

    @Test(
        "a watch that the server gives up says why",
        arguments: [
            ("pods-watch-410-expired", 410, "Expired"), ("pods-watch-list-initial-events", 500, "InternalError"),
        ])
    func errors(name: String, code: Int, reason: String) throws {
        let events = try events(name)
        #expect(events.count == 1)
        guard case .error(let status) = events.first else {
            Issue.record("not an error: \(events)")
            return
        }
        #expect(status.code == code)
        #expect(status.reason == reason)
    }

    @Test(
        "what is no watch event is refused",
        arguments: [
            "{}", #"{"type":"ADDED"}"#, #"{"type":"NEWS","object":{}}"#, #"{"type":"ADDED","object":{}}"#,
            #"{"type":"BOOKMARK","object":{}}"#, #"{"type":5,"object":{"metadata":{}}}"#, "[]", "", "{",
        ])
    func refuses(line: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(WatchEvent<Pod>.self, from: Data(line.utf8))
        }
    }
}
