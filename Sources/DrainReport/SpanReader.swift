import FoundationEssentials

/// Reads a file of spans as it arrives, a line at a time. What cannot be read is skipped, and said.
public struct SpanReader: Sendable {
    /// What was wrong with a file.
    public struct Problems: Sendable, Equatable {
        /// From 1; the first ones.
        public var lines: [Int] = []
        /// All of them.
        public var count = 0
        /// The last line had no end and made no sense: the writer died in the middle of it.
        public var isCutOff = false
    }

    /// What our spans say of who wrote them.
    static let scope = "drain-agent"
    private static let named = 20

    public private(set) var problems = Problems()
    private var partial: [UInt8] = []
    private var isTooLong = false
    private var number = 1

    private let longest: Int

    public init() { self.init(longestLine: 16 << 20) }

    /// `longestLine`: bytes; a longer one is skipped.
    init(longestLine: Int) { longest = longestLine }

    /// The spans of the lines that `bytes` complete.
    public mutating func push(_ bytes: some Collection<UInt8>) -> [SpanRecord] {
        var spans: [SpanRecord] = []
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            append(rest[..<newline])
            if let read = endLine() { spans += read } else { problem() }
            number += 1
            rest = rest[rest.index(after: newline)...]
        }
        append(rest)
        return spans
    }

    /// No more will come.
    public mutating func finish() -> [SpanRecord] {
        if let spans = endLine() { return spans }
        problems.isCutOff = true
        return []
    }

    private mutating func append(_ bytes: some Collection<UInt8>) {
        if isTooLong || partial.count + bytes.count > longest {
            isTooLong = true
            partial = []
        } else {
            partial.append(contentsOf: bytes)
        }
    }

    /// `nil`: it makes no sense.
    private mutating func endLine() -> [SpanRecord]? {
        defer {
            partial = []
            isTooLong = false
        }
        guard !isTooLong else { return nil }
        if partial.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return [] }
        return Self.decode(partial)
    }

    private mutating func problem() {
        problems.count += 1
        if problems.lines.count < Self.named { problems.lines.append(number) }
    }

    private static func decode(_ line: [UInt8]) -> [SpanRecord]? {
        do {
            return try JSONDecoder().decode(OTLPLine.self, from: Data(line)).spans(ofScope: scope)
        } catch {
            // Whatever is wrong with it, its number says where to look.
            return nil
        }
    }
}
