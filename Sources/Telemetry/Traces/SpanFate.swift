/// What became of a finished span at one of its sinks.
public enum SpanFate: String, CaseIterable, Sendable {
    /// The file, or the collector, has it.
    case written
    /// It had to wait too long: the queue was full, or we ended before its turn.
    case dropped
    /// The file, or the collector, would not have it.
    case failed
}
