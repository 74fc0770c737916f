public import Timestamps

/// One record of the log: a static message, and facts as fields.
public struct LogLine: Sendable {
    public var at: Timestamp
    public var level: LogLevel
    public var logger: String
    /// The same text each time; what differs is a field.
    public var message: String
    /// Not named like what is there anyway: `ts level logger msg trace_id span_id trace_flags`.
    public var fields: [(String, JSONValue)]
    public var trace: (TraceID, SpanID)?

    public init(
        at: Timestamp, level: LogLevel, logger: String, message: String, fields: [(String, JSONValue)] = [],
        trace: (TraceID, SpanID)? = nil
    ) {
        self.at = at
        self.level = level
        self.logger = logger
        self.message = message
        self.fields = fields
        self.trace = trace
    }

    /// For machines: one JSON object and a newline; `ts level logger msg` first, in this order.
    public func json() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(384)
        bytes.append("{\"ts\":\"")
        bytes.append(at.rfc3339(.microseconds))
        bytes.append("\",\"level\":\"")
        bytes.append(level.rawValue)
        bytes.append("\",\"logger\":")
        bytes.append(jsonString: logger)
        bytes.append(",\"msg\":")
        bytes.append(jsonString: message)
        for (key, value) in fields {
            bytes.append(",")
            JSONLine.append(key: key, value, to: &bytes)
        }
        if let (traceID, spanID) = trace {
            bytes.append(",\"trace_id\":\"")
            traceID.append(to: &bytes)
            bytes.append("\",\"span_id\":\"")
            spanID.append(to: &bytes)
            // Sampled: every trace is written.
            bytes.append("\",\"trace_flags\":\"01\"")
        }
        bytes.append("}\n")
        return bytes
    }
}
