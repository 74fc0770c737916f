import FoundationEssentials
import TestSupport
import Testing
import Timestamps

@testable import Telemetry

@Suite struct SpanEncodingTests {
    private static let trace = TraceID(hashing: ["trace"])

    /// One of everything.
    private static let full = Span(
        traceID: trace, id: SpanID(hashing: ["child"]), parent: SpanID(hashing: ["parent"]), name: "eviction.attempt",
        kind: .client, start: Timestamp(nanoseconds: 1_790_000_000_123_456_789),
        end: Timestamp(nanoseconds: 1_790_000_001_000_000_001),
        attributes: [
            ("text", .string("grüße 🚀")), ("small", .int(-1)), ("largest", .int(.max)), ("smallest", .int(.min)),
            ("half", .double(0.5)), ("whole", .double(3)), ("huge", .double(1e300)), ("not a number", .double(.nan)),
            ("infinite", .double(.infinity)), ("negative", .double(-.infinity)), ("yes", .bool(true)),
            ("no", .bool(false)),
            ("none", .strings([])), ("some", .strings(["a", "\"b\""])),
        ],
        events: [
            Span.Event(name: "bare", at: Timestamp(seconds: 1_790_000_000)),
            Span.Event(name: "full", at: Timestamp(seconds: 1_790_000_001), attributes: [("k", .string("v"))]),
        ],
        links: [
            Span.Link(
                traceID: TraceID(hashing: ["other"]), spanID: SpanID(hashing: ["other"]), attributes: [("n", .int(2))]),
            Span.Link(traceID: trace, spanID: SpanID(hashing: ["bare"])),
        ],
        status: .error("it said \"no\"\n"))

    private static let bare = Span(
        traceID: trace, id: SpanID(hashing: ["root"]), name: "", start: Timestamp(seconds: -1),
        end: Timestamp(seconds: 0))

    private static let hostile = Span(
        traceID: trace, id: SpanID(hashing: ["hostile"]), name: "hostile", kind: .server, start: Timestamp(seconds: 1),
        end: Timestamp(seconds: 2), attributes: hostileTexts.enumerated().map { ("n\($0)", .string($1)) }, status: .ok)

    private static func line(_ spans: [Span]) -> [UInt8] {
        SpanEncoding.line(
            spans, resource: [("service.name", .string("drain-agent")), ("process.pid", .int(7))],
            scope: (name: "drain-agent", version: "1.2.3"))
    }

    @Test("spans are the golden lines")
    func golden() throws {
        let lines = [Self.full, Self.bare, Self.hostile].flatMap { Self.line([$0]) }
        #expect(text(lines) == (try Golden.text("telemetry-spans.jsonl", renewedFrom: lines)))
    }

    @Test("a line is one line of printable characters", arguments: [full, bare, hostile])
    func oneLine(span: Span) {
        let line = SpanEncoding.line(span, resource: [], scope: (name: "\n", version: "\u{2028}"))
        #expect(line.last == UInt8(ascii: "\n"))
        #expect(!line.dropLast().contains { $0 < 0x20 || $0 == 0x7f })
        #expect(!text(line).contains("\u{2028}"))
    }

    private struct Seen: Decodable {
        struct Attribute: Decodable, Equatable {
            var key: String
            var type: String?
            var value: String
        }
        struct Event: Decodable {
            var name: String
            var at: String
            var attributes: [Attribute]
        }
        struct Link: Decodable {
            var trace: String
            var span: String
            var attributes: [Attribute]
        }
        var resource: [Attribute]
        var scope: [String]
        var trace: String
        var span: String
        var parent: String
        var name: String
        var kind: Int
        var start: String
        var end: String
        var attributes: [Attribute]
        var events: [Event]
        var links: [Link]
        var code: Int
        var message: String
    }

    /// Reads lines with protobuf's own JSON parser, which refuses unknown fields; only the ids are OTLP's special case.
    private static let reader = """
        import base64, json, sys
        from google.protobuf.json_format import ParseDict
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
        def ids(node):
            if isinstance(node, list): return [ids(item) for item in node]
            if not isinstance(node, dict): return node
            return {key: base64.b64encode(bytes.fromhex(value)).decode() if key in ("traceId", "spanId", "parentSpanId")
                    else ids(value) for key, value in node.items()}
        def value(any):
            kind = any.WhichOneof("value")
            if kind == "array_value": return "|".join(v.string_value for v in any.array_value.values)
            return str(getattr(any, kind))
        def attributes(list):
            return [dict(key=a.key, type=a.value.WhichOneof("value"), value=value(a.value)) for a in list]
        seen = []
        for line in sys.stdin.buffer.read().decode().split("\\n")[:-1]:
            request = ParseDict(ids(json.loads(line)), ExportTraceServiceRequest())
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    for s in scope.spans:
                        seen.append(dict(
                            resource=attributes(resource.resource.attributes), scope=[scope.scope.name, scope.scope.version],
                            trace=s.trace_id.hex(), span=s.span_id.hex(), parent=s.parent_span_id.hex(), name=s.name,
                            kind=s.kind, start=str(s.start_time_unix_nano), end=str(s.end_time_unix_nano),
                            attributes=attributes(s.attributes), code=s.status.code, message=s.status.message,
                            events=[dict(name=e.name, at=str(e.time_unix_nano), attributes=attributes(e.attributes))
                                    for e in s.events],
                            links=[dict(trace=l.trace_id.hex(), span=l.span_id.hex(), attributes=attributes(l.attributes))
                                   for l in s.links]))
        print(json.dumps(seen))
        """

    @Test(
        "protobuf reads what was meant",
        .enabled(if: Oracle.python != nil, "DRAIN_AGENT_PYTHON names no Python with opentelemetry-proto"))
    func protobuf() async throws {
        let spans = [Self.full, Self.bare, Self.hostile]
        let lines = Self.line([spans[0], spans[1]]) + Self.line([spans[2]])
        let verdict = try await Oracle.ask(Oracle.python, ["-c", Self.reader], about: lines)
        #expect(verdict.succeeded, "\(verdict.complaints)")
        let seen = try JSONDecoder().decode([Seen].self, from: Data(verdict.output.utf8))
        #expect(seen.count == spans.count)
        for (seen, span) in zip(seen, spans) {
            #expect(seen.scope == ["drain-agent", "1.2.3"])
            #expect(seen.resource.map(\.key) == ["service.name", "process.pid"])
            #expect([seen.trace, seen.span] == [span.traceID.description, span.id.description])
            #expect(seen.parent == span.parent?.description ?? "")
            #expect(seen.name == span.name)
            #expect(seen.kind == span.kind.rawValue)
            #expect(seen.start == "\(max(0, span.start.nanoseconds))" && seen.end == "\(span.end.nanoseconds)")
            #expect(seen.attributes == span.attributes.map(Self.expected))
            #expect(seen.events.map(\.name) == span.events.map(\.name))
            #expect(seen.events.map(\.at) == span.events.map { "\($0.at.nanoseconds)" })
            #expect(seen.events.map(\.attributes) == span.events.map { $0.attributes.map(Self.expected) })
            #expect(seen.links.map(\.trace) == span.links.map(\.traceID.description))
            #expect(seen.links.map(\.span) == span.links.map(\.spanID.description))
            #expect(seen.links.map(\.attributes) == span.links.map { $0.attributes.map(Self.expected) })
            switch span.status {
            case .unset: #expect(seen.code == 0)
            case .ok: #expect(seen.code == 1)
            case .error(let message): #expect(seen.code == 2 && seen.message == message)
            }
        }
    }

    /// As Python prints it.
    private static func expected(_ attribute: (key: String, value: AttributeValue)) -> Seen.Attribute {
        switch attribute.value {
        case .string(let text): .init(key: attribute.key, type: "string_value", value: text)
        case .int(let number): .init(key: attribute.key, type: "int_value", value: "\(number)")
        case .double(let number): .init(key: attribute.key, type: "double_value", value: "\(number)")
        case .bool(let truth): .init(key: attribute.key, type: "bool_value", value: truth ? "True" : "False")
        case .strings(let texts): .init(key: attribute.key, type: "array_value", value: texts.joined(separator: "|"))
        }
    }
}
