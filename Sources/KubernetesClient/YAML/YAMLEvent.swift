internal import CYAML

/// One event of libyaml's, copied out of its memory.
struct YAMLEvent {
    enum Kind {
        case start, end, documentStart
        case scalar(String, isPlain: Bool)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        case alias
    }

    var kind: Kind
    /// The name it gives itself, or an alias's of what it stands for.
    var anchor: String?
    var line: Int
    var column: Int

    init(_ event: yaml_event_t) {
        line = event.start_mark.line + 1
        column = event.start_mark.column + 1
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_STREAM_END_EVENT, YAML_DOCUMENT_END_EVENT: kind = .end
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.tag == nil
            kind = .scalar(String(decoding: bytes, as: UTF8.self), isPlain: isPlain)
            anchor = Self.name(scalar.anchor)
        case YAML_SEQUENCE_START_EVENT:
            kind = .sequenceStart
            anchor = Self.name(event.data.sequence_start.anchor)
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            kind = .mappingStart
            anchor = Self.name(event.data.mapping_start.anchor)
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_ALIAS_EVENT:
            kind = .alias
            anchor = Self.name(event.data.alias.anchor)
        default: kind = .start
        }
    }

    func error(_ problem: String) -> YAMLError { YAMLError(problem: problem, line: line, column: column) }

    private static func name(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(cString: $0) }
    }
}
