import Timestamps

/// Spans as OTLP JSON lines, the way the OpenTelemetry file exporter writes them.
///
/// protobuf's JSON with two exceptions of OTLP: ids are hex, enums are integers. 64-bit integers are strings.
/// Source: opentelemetry.io/docs/specs/otlp, "JSON Protobuf Encoding", and the file exporter's specification.
public enum SpanEncoding {
    /// One complete `{"resourceSpans":[…]}` and a newline.
    public static func line(
        _ span: Span, resource: [(String, AttributeValue)], scope: (name: String, version: String)
    ) -> [UInt8] {
        line([span], resource: resource, scope: scope)
    }

    /// The same for a batch.
    public static func line(
        _ spans: [Span], resource: [(String, AttributeValue)], scope: (name: String, version: String)
    ) -> [UInt8] {
        line(encoded: spans.map(object), resource: resource, scope: scope)
    }

    /// The same for a batch of what `object` made of each.
    public static func line(
        encoded spans: [[UInt8]], resource: [(String, AttributeValue)], scope: (name: String, version: String)
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024 + spans.reduce(0) { $0 + $1.count + 1 })
        bytes.append("{\"resourceSpans\":[{\"resource\":{\"attributes\":[")
        bytes.appendList(resource) { append(key: $0.0, value: $0.1, to: &$1) }
        bytes.append("]},\"scopeSpans\":[{\"scope\":{\"name\":")
        bytes.append(jsonString: scope.name)
        bytes.append(",\"version\":")
        bytes.append(jsonString: scope.version)
        bytes.append("},\"spans\":[")
        bytes.appendList(spans) { $1 += $0 }
        bytes.append("]}]}]}\n")
        return bytes
    }

    /// One span alone, to go among others.
    public static func object(_ span: Span) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1024)
        append(span, to: &bytes)
        return bytes
    }

    private static func append(_ span: Span, to bytes: inout [UInt8]) {
        bytes.append("{\"traceId\":\"")
        span.traceID.append(to: &bytes)
        bytes.append("\",\"spanId\":\"")
        span.id.append(to: &bytes)
        if let parent = span.parent {
            bytes.append("\",\"parentSpanId\":\"")
            parent.append(to: &bytes)
        }
        bytes.append("\",\"name\":")
        bytes.append(jsonString: span.name)
        bytes.append(",\"kind\":")
        bytes.append(decimal: span.kind.rawValue)
        bytes.append(",\"startTimeUnixNano\":")
        append(span.start, to: &bytes)
        bytes.append(",\"endTimeUnixNano\":")
        append(span.end, to: &bytes)
        append(attributes: span.attributes, to: &bytes)
        if !span.events.isEmpty {
            bytes.append(",\"events\":[")
            bytes.appendList(span.events) { append($0, to: &$1) }
            bytes.append("]")
        }
        if !span.links.isEmpty {
            bytes.append(",\"links\":[")
            bytes.appendList(span.links) { append($0, to: &$1) }
            bytes.append("]")
        }
        append(span.status, to: &bytes)
        bytes.append("}")
    }

    private static func append(_ event: Span.Event, to bytes: inout [UInt8]) {
        bytes.append("{\"timeUnixNano\":")
        append(event.at, to: &bytes)
        bytes.append(",\"name\":")
        bytes.append(jsonString: event.name)
        append(attributes: event.attributes, to: &bytes)
        bytes.append("}")
    }

    private static func append(_ link: Span.Link, to bytes: inout [UInt8]) {
        bytes.append("{\"traceId\":\"")
        link.traceID.append(to: &bytes)
        bytes.append("\",\"spanId\":\"")
        link.spanID.append(to: &bytes)
        bytes.append("\"")
        append(attributes: link.attributes, to: &bytes)
        bytes.append("}")
    }

    private static func append(_ status: Span.Status, to bytes: inout [UInt8]) {
        switch status {
        case .unset: bytes.append(",\"status\":{}")
        case .ok: bytes.append(",\"status\":{\"code\":1}")
        case .error(let message):
            bytes.append(",\"status\":{\"code\":2,\"message\":")
            bytes.append(jsonString: message)
            bytes.append("}")
        }
    }

    private static func append(attributes: [(key: String, value: AttributeValue)], to bytes: inout [UInt8]) {
        guard !attributes.isEmpty else { return }
        bytes.append(",\"attributes\":[")
        bytes.appendList(attributes) { append(key: $0.key, value: $0.value, to: &$1) }
        bytes.append("]")
    }

    private static func append(key: String, value: AttributeValue, to bytes: inout [UInt8]) {
        bytes.append("{\"key\":")
        bytes.append(jsonString: key)
        bytes.append(",\"value\":{")
        switch value {
        case .string(let text):
            bytes.append("\"stringValue\":")
            bytes.append(jsonString: text)
        case .int(let number):
            bytes.append("\"intValue\":\"")
            bytes.append(decimal: number)
            bytes.append("\"")
        case .double(let number):
            bytes.append("\"doubleValue\":")
            bytes.append(jsonNumber: number)
        case .bool(let truth): bytes.append(truth ? "\"boolValue\":true" : "\"boolValue\":false")
        case .strings(let texts):
            bytes.append("\"arrayValue\":{\"values\":[")
            bytes.appendList(texts) { text, bytes in
                bytes.append("{\"stringValue\":")
                bytes.append(jsonString: text)
                bytes.append("}")
            }
            bytes.append("]}")
        }
        bytes.append("}}")
    }

    /// Unsigned in OTLP: a moment before 1970 is written as 1970.
    private static func append(_ moment: Timestamp, to bytes: inout [UInt8]) {
        bytes.append("\"")
        bytes.append(decimal: max(0, moment.nanoseconds))
        bytes.append("\"")
    }
}
