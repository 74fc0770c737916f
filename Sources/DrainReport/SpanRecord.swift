public import Telemetry
public import Timestamps

/// A span as a file has it.
public struct SpanRecord: Sendable {
    /// Something that happened at one moment of it.
    public struct Event: Sendable {
        public var name: String
        public var at: Timestamp
        public var attributes: [String: AttributeValue]
    }

    public var traceID: String
    public var id: String
    /// Empty: it has none.
    public var parent: String
    public var name: String
    public var start: Timestamp
    /// Never before `start`.
    public var end: Timestamp
    public var attributes: [String: AttributeValue]
    public var events: [Event]
    public var isError: Bool
    /// What the status says; empty unless it is an error.
    public var message: String
    /// The process that wrote it.
    public var instance: String
    /// Of the resource; empty: not said.
    public var node: String

    func text(_ key: String) -> String? {
        guard case .string(let text)? = attributes[key] else { return nil }
        return text
    }

    func number(_ key: String) -> Double? {
        switch attributes[key] {
        case .int(let number): Double(number)
        case .double(let number): number.isFinite ? number : nil
        case .string, .bool, .strings, nil: nil
        }
    }

    /// A count; what no file of ours says is held at the ends.
    func count(_ key: String) -> Int? { number(key).map { Int(min(max($0, 0), 1e15)) } }

    func truth(_ key: String) -> Bool { attributes[key] == .bool(true) }

    func texts(_ key: String) -> [String] {
        guard case .strings(let texts)? = attributes[key] else { return [] }
        return texts
    }
}
