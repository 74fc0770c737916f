import Gzip
import TestSupport
import Testing

struct GzipTests {
    static let inputs: [[UInt8]] = [
        [],
        [0],
        Array("drain_pods{phase=\"gone\"} 1\n".utf8),
        Array(repeating: 0x61, count: 1 << 20),
        (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) },
    ]

    @Test("what was compressed is read back the same, at every level", arguments: inputs, [0, 1, 6, 9] as [Int32])
    func roundTrip(input: [UInt8], level: Int32) {
        #expect(gunzip(Gzip.compress(input, level: level)) == input)
    }

    @Test("a level out of range is taken to the nearest one", arguments: [-5, 42] as [Int32])
    func levelOutOfRange(level: Int32) {
        let input = Array("abcabcabc".utf8)
        #expect(gunzip(Gzip.compress(input, level: level)) == input)
    }

    @Test("a repetitive text becomes less than a tenth")
    func compresses() {
        let text = Array(String(repeating: "drain_evictions_total{answer=\"accepted\"} 0\n", count: 400).utf8)
        #expect(Gzip.compress(text).count < text.count / 10)
    }

    @Test("the oracle of these tests refuses a torn stream")
    func tornStream() {
        #expect(gunzip(Array(Gzip.compress(Array("abc".utf8)).dropLast())) == nil)
    }
}
