/// Where a request stands in a trace: the `traceparent` header of W3C Trace Context.
public struct TraceParent: Sendable, Equatable {
    public var traceID: TraceID
    /// The caller's span: the parent of what happens next.
    public var spanID: SpanID
    public var sampled: Bool

    public init(traceID: TraceID, spanID: SpanID, sampled: Bool = true) {
        self.traceID = traceID
        self.spanID = spanID
        self.sampled = sampled
    }

    /// Reads a header; `nil` for anything the standard calls invalid.
    ///
    /// Version 00 has exactly 55 characters; of a higher version the same 55 are read, and only a dash may follow.
    /// Source: w3.org/TR/trace-context, sections 3.2 and 4.3.
    public init?(parsing text: String) {
        let bytes = Array(text.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
            let version = Hex.byte(bytes[..<2]), version != 0xff, let flags = Hex.byte(bytes[53..<55]),
            bytes.count == 55 || (version > 0 && bytes[55] == dash),
            let traceID = TraceID(hex: String(decoding: bytes[3..<35], as: UTF8.self)),
            let spanID = SpanID(hex: String(decoding: bytes[36..<52], as: UTF8.self))
        else { return nil }
        self.init(traceID: traceID, spanID: spanID, sampled: flags & 1 == 1)
    }

    /// The header to send, version 00.
    public var header: String { "00-\(traceID)-\(spanID)-\(sampled ? "01" : "00")" }
}
