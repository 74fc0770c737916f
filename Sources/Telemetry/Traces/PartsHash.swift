/// A stable 128-bit hash of a list of texts: the same in every process, version and architecture.
///
/// FNV-1a over each part's length and bytes, then three Feistel rounds of MurmurHash3's finalizer: texts that differ
/// only in their last character come out different in every bit.
struct PartsHash {
    private(set) var high: UInt64
    private(set) var low: UInt64

    init(_ parts: [String]) {
        var state: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
        func mix(_ byte: UInt8) {
            state ^= UInt128(byte)
            state &*= 0x0000_0000_0100_0000_0000_0000_0000_013b
        }
        for part in parts {
            // The length keeps ["ab", "c"] apart from ["a", "bc"].
            var length = UInt64(part.utf8.count)
            for _ in 0..<8 {
                mix(UInt8(truncatingIfNeeded: length))
                length >>= 8
            }
            for byte in part.utf8 { mix(byte) }
        }
        high = UInt64(truncatingIfNeeded: state >> 64)
        low = UInt64(truncatingIfNeeded: state)
        low ^= Self.finalized(high)
        high ^= Self.finalized(low)
        low ^= Self.finalized(high)
    }

    private static func finalized(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 33) &* 0xff51_afd7_ed55_8ccd
        value = (value ^ value >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return value ^ value >> 33
    }
}
