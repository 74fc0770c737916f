internal import CYAML

/// Reads the first document of a YAML (or JSON) text through libyaml.
///
/// Bounded: by the depth of nesting, and by the number of values after aliases are followed (a few aliases of aliases
/// can stand for billions).
struct YAMLParser: ~Copyable {
    static let depthLimit = 64
    static let nodeLimit = 1_000_000

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0

    private struct Anchored {
        var node: YAMLNode
        /// How many values it stands for.
        var size: Int
    }

    /// `nil` for a text without a document.
    static func parse(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
        var parser = try YAMLParser()
        return try parser.document(bytes)
    }

    private init() throws(YAMLError) {
        parser = .allocate(capacity: 1)
        guard yaml_parser_initialize(parser) == 1 else {
            parser.deallocate()
            throw YAMLError(problem: "no memory for a parser", line: 1, column: 1)
        }
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
    }

    private mutating func document(_ bytes: [UInt8]) throws(YAMLError) -> YAMLNode? {
        // The parser keeps the pointer, so the bytes must stay where they are until it is done.
        let result: Result<YAMLNode?, YAMLError> = bytes.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            return Result { () throws(YAMLError) -> YAMLNode? in
                while true {
                    let event = try next()
                    switch event.kind {
                    case .start, .documentStart: continue
                    case .end: return nil
                    default: return try node(event, depth: 0)
                    }
                }
            }
        }
        return try result.get()
    }

    private mutating func node(_ event: YAMLEvent, depth: Int) throws(YAMLError) -> YAMLNode {
        let before = nodes
        nodes += 1
        guard nodes <= Self.nodeLimit else { throw event.error("more than \(Self.nodeLimit) values") }
        guard depth <= Self.depthLimit else { throw event.error("nested deeper than \(Self.depthLimit)") }
        var node = YAMLNode(content: .sequence([]), line: event.line, column: event.column)
        switch event.kind {
        case .scalar(let text, let isPlain): node.content = .scalar(text, isPlain: isPlain)
        case .sequenceStart: node.content = .sequence(try sequence(depth))
        case .mappingStart: node.content = .mapping(try mapping(depth))
        case .alias: return try alias(event)
        case .start, .end, .documentStart, .sequenceEnd, .mappingEnd: throw event.error("a value was expected here")
        }
        if let anchor = event.anchor { anchors[anchor] = Anchored(node: node, size: nodes - before) }
        return node
    }

    private mutating func alias(_ event: YAMLEvent) throws(YAMLError) -> YAMLNode {
        guard let name = event.anchor, let anchored = anchors[name] else {
            throw event.error("an alias of nothing before it")
        }
        nodes += anchored.size
        guard nodes <= Self.nodeLimit else {
            throw event.error("aliases that stand for more than \(Self.nodeLimit) values")
        }
        return anchored.node
    }

    private mutating func sequence(_ depth: Int) throws(YAMLError) -> [YAMLNode] {
        var items: [YAMLNode] = []
        while true {
            let event = try next()
            if case .sequenceEnd = event.kind { return items }
            items.append(try node(event, depth: depth + 1))
        }
    }

    private mutating func mapping(_ depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
        var entries: [YAMLNode.Entry] = []
        var seen: Set<String> = []
        while true {
            let event = try next()
            if case .mappingEnd = event.kind { return entries }
            guard case .scalar(let key, let isPlain) = event.kind else { throw event.error("a key must be plain text") }
            guard !(isPlain && key == "<<") else { throw event.error("merge keys (<<) are not supported") }
            guard seen.insert(key).inserted else { throw event.error("the key \"\(key)\" is here twice") }
            nodes += 1
            entries.append(YAMLNode.Entry(key: key, value: try node(try next(), depth: depth + 1)))
        }
    }

    private func next() throws(YAMLError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(event)
    }

    private var failure: YAMLError {
        let failed = parser.pointee
        let problem = failed.problem.map { String(cString: $0) } ?? "not YAML"
        let mark = failed.error == YAML_READER_ERROR ? failed.mark : failed.problem_mark
        return YAMLError(problem: problem, line: mark.line + 1, column: mark.column + 1)
    }
}
