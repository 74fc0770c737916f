/// Cuts a stream of bytes into lines as they arrive.
public struct LineSplitter: Sendable {
    /// A line longer than this many bytes is refused.
    public struct LineTooLong: Error, Equatable {
        public var limit: Int

        public init(limit: Int) { self.limit = limit }
    }

    private var partial: [UInt8] = []
    private let limit: Int

    public init(limit: Int = 16 << 20) { self.limit = limit }

    /// Every line that `bytes` complete, without its newline; empty lines are dropped.
    ///
    /// Of one type, here and in `ItemSplitter`: a generic function is not specialized for other modules, and took half
    /// of all the instructions of a drain.
    public mutating func push(_ bytes: ArraySlice<UInt8>) throws(LineTooLong) -> [[UInt8]] {
        var lines: [[UInt8]] = []
        var rest = bytes
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try append(rest[..<newline])
            if partial.last == UInt8(ascii: "\r") { partial.removeLast() }
            if !partial.isEmpty { lines.append(partial) }
            partial = []
            rest = rest[rest.index(after: newline)...]
        }
        try append(rest)
        return lines
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>) throws(LineTooLong) {
        guard partial.count + bytes.count <= limit else { throw LineTooLong(limit: limit) }
        partial.append(contentsOf: bytes)
    }
}
