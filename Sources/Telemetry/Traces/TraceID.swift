/// The 16 bytes that all spans of a trace share; never all zero.
public struct TraceID: Sendable, Hashable, CustomStringConvertible {
    let high: UInt64
    let low: UInt64

    /// 32 lower-case hex digits; `nil` for anything else and for all zeros.
    public init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 32, let high = Hex.value(digits[..<16]), let low = Hex.value(digits[16...]),
            high != 0 || low != 0
        else { return nil }
        self.high = high
        self.low = low
    }

    /// A pure function of `parts`: whoever knows them knows the trace.
    public init(hashing parts: [String]) {
        let hash = PartsHash(parts)
        high = hash.high
        low = hash.high == 0 && hash.low == 0 ? 1 : hash.low
    }

    /// 32 lower-case hex digits.
    public var description: String {
        var digits: [UInt8] = []
        append(to: &digits)
        return String(decoding: digits, as: UTF8.self)
    }

    func append(to bytes: inout [UInt8]) {
        bytes.append(hex: high)
        bytes.append(hex: low)
    }
}
