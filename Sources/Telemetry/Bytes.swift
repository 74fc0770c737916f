extension [UInt8] {
    /// Appends the UTF-8 of `text`; every encoder of this module writes into one growing array.
    mutating func append(_ text: String) { append(contentsOf: text.utf8) }

    mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// Appends `number` as decimal digits; most are one, which needs no string.
    mutating func append(decimal number: some BinaryInteger) {
        guard number < 0 || number > 9 else { return append(Self.hexDigits[Int(number)]) }
        append(String(number))
    }

    /// Appends `number` as 16 lower-case hex digits.
    mutating func append(hex number: UInt64) {
        for shift in stride(from: 60, through: 0, by: -4) {
            append(Self.hexDigits[Int(number >> UInt64(shift) & 0xf)])
        }
    }

    /// Appends `byte` as two lower-case hex digits.
    mutating func append(hexByte byte: UInt8) {
        append(Self.hexDigits[Int(byte >> 4)])
        append(Self.hexDigits[Int(byte & 0xf)])
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)
}
