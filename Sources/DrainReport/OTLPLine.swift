import Telemetry
import Timestamps

/// One line of OTLP JSON, as OpenTelemetry's file exporter writes it; what we do not need is not read.
struct OTLPLine: Decodable {
    private struct ResourceSpans: Decodable {
        var resource: Resource?
        var scopeSpans: [ScopeSpans]?
    }

    private struct Resource: Decodable { var attributes: [KeyValue]? }

    private struct ScopeSpans: Decodable {
        var scope: Scope?
        var spans: [Span]?
    }

    private struct Scope: Decodable { var name: String? }

    private struct Span: Decodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        var startTimeUnixNano: Number
        var endTimeUnixNano: Number
        var attributes: [KeyValue]?
        var events: [Event]?
        var status: Status?
    }

    private struct Event: Decodable {
        var timeUnixNano: Number
        var name: String?
        var attributes: [KeyValue]?
    }

    private struct Status: Decodable {
        var code: Int?
        var message: String?
    }

    private struct KeyValue: Decodable {
        var key: String
        var value: Value?
    }

    private struct Value: Decodable {
        var stringValue: String?
        var intValue: Number?
        var doubleValue: Double?
        var boolValue: Bool?
        var arrayValue: List?
    }

    private struct List: Decodable { var values: [Value]? }

    /// 64 bits: a string in protobuf's JSON, which reads numbers, too.
    private struct Number: Decodable {
        var value: Int64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int64.self) {
                value = number
                return
            }
            let text = try container.decode(String.self)
            guard let number = Int64(text) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "no 64-bit integer")
            }
            value = number
        }
    }

    private var resourceSpans: [ResourceSpans]?

    /// The spans of scopes of this name; those of others are none of ours.
    func spans(ofScope name: String) -> [SpanRecord] {
        (resourceSpans ?? []).flatMap { resource in
            let attributes = Self.dictionary(resource.resource?.attributes)
            return (resource.scopeSpans ?? []).filter { $0.scope?.name == name }.flatMap { $0.spans ?? [] }
                .map { Self.record($0, resource: attributes) }
        }
    }

    private static func record(_ span: Span, resource: [String: AttributeValue]) -> SpanRecord {
        func text(_ key: String) -> String {
            guard case .string(let text)? = resource[key] else { return "" }
            return text
        }
        let start = Timestamp(nanoseconds: span.startTimeUnixNano.value)
        return SpanRecord(
            traceID: span.traceId, id: span.spanId, parent: span.parentSpanId ?? "", name: span.name, start: start,
            end: max(start, Timestamp(nanoseconds: span.endTimeUnixNano.value)),
            attributes: dictionary(span.attributes),
            events: (span.events ?? []).map {
                SpanRecord.Event(
                    name: $0.name ?? "", at: Timestamp(nanoseconds: $0.timeUnixNano.value),
                    attributes: dictionary($0.attributes))
            }, isError: span.status?.code == 2, message: span.status?.message ?? "",
            instance: text("service.instance.id"), node: text("k8s.node.name"))
    }

    private static func dictionary(_ pairs: [KeyValue]?) -> [String: AttributeValue] {
        var dictionary: [String: AttributeValue] = [:]
        for pair in pairs ?? [] { if let value = attribute(pair.value) { dictionary[pair.key] = value } }
        return dictionary
    }

    private static func attribute(_ value: Value?) -> AttributeValue? {
        guard let value else { return nil }
        if let text = value.stringValue { return .string(text) }
        if let number = value.intValue { return .int(number.value) }
        if let number = value.doubleValue { return .double(number) }
        if let truth = value.boolValue { return .bool(truth) }
        return value.arrayValue.map { .strings(($0.values ?? []).compactMap(\.stringValue)) }
    }
}
