import FoundationEssentials
import TestSupport

/// A file of spans, read as strictly as a test can: every line one span.
struct SpanFile {
    struct Span {
        var trace: String
        var id: String
        var parent: String
        var name: String
        /// Texts and numbers as text.
        var attributes: [String: String]
        var isError: Bool
    }

    struct Malformed: Error { var line: String }

    let spans: [Span]

    init(_ text: String) throws {
        guard text.isEmpty || text.hasSuffix("\n") else { throw Malformed(line: "the end is missing") }
        spans = try text.split(separator: "\n").map { line in
            let document = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
            guard let scopes = document["resourceSpans"]?.items.first?["scopeSpans"]?.items, scopes.count == 1,
                let all = scopes[0]["spans"]?.items, all.count == 1, let span = Span(all[0])
            else { throw Malformed(line: String(line)) }
            return span
        }
    }

    func named(_ name: String) -> [Span] { spans.filter { $0.name == name } }

    /// One trace, one root, and every other span's parent is there. The root's own parent may be a caller's.
    var isOneTree: Bool {
        let ids = Set(spans.map(\.id))
        let outside = spans.filter { !ids.contains($0.parent) }
        return Set(spans.map(\.trace)).count == 1 && ids.count == spans.count && outside.count == 1
            && outside[0].name == "node.drain"
    }
}

extension SpanFile.Span {
    fileprivate init?(_ json: JSONValue) {
        guard let trace = json["traceId"]?.string, trace.count == 32, let id = json["spanId"]?.string, id.count == 16,
            let name = json["name"]?.string
        else { return nil }
        var attributes: [String: String] = [:]
        for attribute in json["attributes"]?.items ?? [] {
            guard let key = attribute["key"]?.string, let value = attribute["value"] else { return nil }
            attributes[key] = value["stringValue"]?.string ?? value["intValue"]?.string ?? "other"
        }
        self.init(
            trace: trace, id: id, parent: json["parentSpanId"]?.string ?? "", name: name, attributes: attributes,
            isError: json["status"]?["code"] == .integer(2))
    }
}
