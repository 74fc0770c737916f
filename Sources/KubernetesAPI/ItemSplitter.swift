/// Cuts a list's JSON into its items as the bytes arrive, so that no more than one item is held at a time.
///
/// It reads brackets, strings and the key `items` at the top level; whether an item is valid JSON is its decoder's
/// business. What is around the items is kept as `envelope`.
public struct ItemSplitter: Sendable {
    public enum Failure: Error, Equatable {
        /// An item, or what is around the items, is larger than this many bytes.
        case tooLarge(limit: Int)
        /// The body ended before the list did, or is not one JSON object.
        case malformed
    }

    /// The document without its items: `{"kind":…,"metadata":{…},"items":[]}`. Whole once `isComplete`.
    public private(set) var envelope: [UInt8] = []
    public private(set) var isComplete = false

    private let limit: Int
    private var item: [UInt8] = []
    private var depth = 0
    private var inItems = false
    private var inString = false
    private var escaped = false
    /// The last string read at depth 1 (at most 6 bytes of it are of interest), and whether a colon followed it.
    private var key: [UInt8] = []
    private var keyIsItems = false

    public init(limit: Int = 16 << 20) { self.limit = limit }

    /// The items that `bytes` complete.
    public mutating func push(_ bytes: ArraySlice<UInt8>) throws(Failure) -> [[UInt8]] {
        var items: [[UInt8]] = []
        for byte in bytes {
            if inString { try inside(byte) } else { try outside(byte, &items) }
        }
        return items
    }

    /// To be called at the end of the body.
    public func finish() throws(Failure) {
        guard isComplete else { throw .malformed }
    }

    private mutating func inside(_ byte: UInt8) throws(Failure) {
        try keep(byte)
        if escaped {
            escaped = false
        } else if byte == UInt8(ascii: "\\") {
            escaped = true
        } else if byte == UInt8(ascii: "\"") {
            inString = false
            return
        }
        if depth == 1, !inItems, key.count < 6 { key.append(byte) }
    }

    private mutating func outside(_ byte: UInt8, _ items: inout [[UInt8]]) throws(Failure) {
        if Self.isSpace(byte) {
            // Between an item's tokens it stays: `1 2` is not 12.
            if inItems ? !item.isEmpty : depth > 0 { try keep(byte) }
            return
        }
        guard !isComplete, depth > 0 || byte == UInt8(ascii: "{") else { throw .malformed }
        switch byte {
        case UInt8(ascii: "\""):
            inString = true
            if depth == 1, !inItems { key = [] }
            try keep(byte)
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            if depth == 2, keyIsItems, byte == UInt8(ascii: "[") {
                envelope.append(byte)
                inItems = true
            } else {
                try keep(byte)
            }
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            if inItems, depth == 1 {
                emit(&items)
                inItems = false
                keyIsItems = false
            }
            try keep(byte)
            if depth == 0 { isComplete = true }
        case UInt8(ascii: ",") where inItems && depth == 2:
            guard !item.isEmpty else { throw .malformed }
            emit(&items)
        case UInt8(ascii: ",") where depth == 1:
            keyIsItems = false
            try keep(byte)
        case UInt8(ascii: ":") where depth == 1 && !inItems:
            keyIsItems = key == Array("items".utf8)
            try keep(byte)
        default: try keep(byte)
        }
    }

    private mutating func emit(_ items: inout [[UInt8]]) {
        if !item.isEmpty { items.append(item) }
        item = []
    }

    private mutating func keep(_ byte: UInt8) throws(Failure) {
        if inItems { item.append(byte) } else { envelope.append(byte) }
        guard max(item.count, envelope.count) <= limit else { throw .tooLarge(limit: limit) }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
            || byte == UInt8(ascii: "\t")
    }
}
