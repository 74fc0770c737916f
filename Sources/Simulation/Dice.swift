import SeededRandom
import Timestamps

/// Draws from one seed; each part of a scenario has dice of its own, so that leaving one out changes no other.
struct Dice {
    private var random: SplitMix64

    init(_ seed: UInt64, _ purpose: Feature) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in purpose.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        self.init(seed ^ hash)
    }

    init(_ seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func word() -> UInt64 { random.next() }

    mutating func chance(_ probability: Double) -> Bool {
        Double(random.next() >> 11) * 0x1p-53 < probability
    }

    mutating func int(_ low: Int, _ high: Int) -> Int {
        low + Int(random.next() % UInt64(high - low + 1))
    }

    /// Milliseconds.
    mutating func time(_ low: Int, _ high: Int) -> Duration { .milliseconds(int(low, high)) }

    /// Mostly near the low end.
    mutating func skewed(_ low: Int, _ high: Int) -> Duration {
        let share = Double(random.next() >> 11) * 0x1p-53
        return .milliseconds(low + Int(Double(high - low) * share * share * share))
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[int(0, elements.count - 1)] }
}
