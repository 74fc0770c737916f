import SeededRandom

/// Takes an input apart, for what is made of more than one text.
struct FuzzInput {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    /// 0 at the end.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    /// Up to the next newline, or the end.
    mutating func line() -> String {
        let line = rest.prefix { $0 != UInt8(ascii: "\n") }
        rest = rest.dropFirst(line.count + 1)
        return String(decoding: line, as: UTF8.self)
    }

    mutating func lines() -> [String] {
        var lines: [String] = []
        while !isEmpty { lines.append(line()) }
        return lines
    }
}

extension [UInt8] {
    /// The same cuts for the same bytes: pieces of 0 to 8 bytes, with longer ones between.
    var pieces: [[UInt8]] {
        var random = SplitMix64(seed: reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
        var pieces: [[UInt8]] = []
        var rest = self[...]
        while !rest.isEmpty {
            let length = Int(random.next() % (random.next() % 4 == 0 ? 64 : 9))
            pieces.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        return pieces
    }

    /// How often `part` is in it.
    func count(of part: [UInt8]) -> Int {
        guard let first = part.first, count >= part.count else { return 0 }
        return (0...count - part.count).count { self[$0] == first && self[$0..<$0 + part.count].elementsEqual(part) }
    }

    var text: String { String(decoding: self, as: UTF8.self) }
}
