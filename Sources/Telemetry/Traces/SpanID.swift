/// The 8 bytes that name a span in its trace; never all zero.
public struct SpanID: Sendable, Hashable, CustomStringConvertible {
    let value: UInt64

    /// 16 lower-case hex digits; `nil` for anything else and for all zeros.
    public init?(hex: String) {
        guard let value = Hex.value(Array(hex.utf8)[...]), value != 0 else { return nil }
        self.value = value
    }

    /// A pure function of `parts`.
    public init(hashing parts: [String]) {
        let hash = PartsHash(parts)
        let folded = hash.high ^ hash.low
        value = folded == 0 ? 1 : folded
    }

    /// 16 lower-case hex digits.
    public var description: String {
        var digits: [UInt8] = []
        append(to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    func append(to bytes: inout [UInt8]) { bytes.append(hex: value) }
}
