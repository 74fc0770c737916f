public import Timestamps

/// A finished piece of work in a trace.
public struct Span: Sendable {
    /// Numbers of OpenTelemetry's `SpanKind`.
    public enum Kind: Int, Sendable { case `internal` = 1, server, client }

    public enum Status: Sendable, Equatable { case unset, ok, error(String) }

    /// Something that happened at one moment of the span.
    public struct Event: Sendable {
        public var name: String
        public var at: Timestamp
        public var attributes: [(key: String, value: AttributeValue)]

        public init(name: String, at: Timestamp, attributes: [(key: String, value: AttributeValue)] = []) {
            self.name = name
            self.at = at
            self.attributes = attributes
        }
    }

    /// Another span that this one has to do with, in this trace or elsewhere.
    public struct Link: Sendable {
        public var traceID: TraceID
        public var spanID: SpanID
        public var attributes: [(key: String, value: AttributeValue)]

        public init(traceID: TraceID, spanID: SpanID, attributes: [(key: String, value: AttributeValue)] = []) {
            self.traceID = traceID
            self.spanID = spanID
            self.attributes = attributes
        }
    }

    public var traceID: TraceID
    public var id: SpanID
    public var parent: SpanID?
    public var name: String
    public var kind: Kind
    public var start: Timestamp
    public var end: Timestamp
    public var attributes: [(key: String, value: AttributeValue)]
    public var events: [Event]
    public var links: [Link]
    public var status: Status

    public init(
        traceID: TraceID, id: SpanID, parent: SpanID? = nil, name: String, kind: Kind = .internal,
        start: Timestamp, end: Timestamp, attributes: [(key: String, value: AttributeValue)] = [],
        events: [Event] = [], links: [Link] = [], status: Status = .unset
    ) {
        self.traceID = traceID
        self.id = id
        self.parent = parent
        self.name = name
        self.kind = kind
        self.start = start
        self.end = end
        self.attributes = attributes
        self.events = events
        self.links = links
        self.status = status
    }
}
