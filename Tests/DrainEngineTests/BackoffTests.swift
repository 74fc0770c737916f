import SeededRandom
import TestSupport
import Testing
import Timestamps

@testable import DrainEngine

@Suite("Backoff and DueQueue")
struct BackoffTests {
    @Test("a delay lies below a bound that doubles up to the cap", arguments: [0, 1, 5, 8, 30, 1000, -1])
    func bounds(step: Int) {
        var random = SplitMix64(seed: 7)
        let backoff = Backoff(base: .milliseconds(100), cap: .seconds(20))
        let bound = min(.seconds(20), Duration.milliseconds(100) * (1 << min(max(step, 0), 20)))
        let delays = (0..<200).map { _ in backoff.delay(step: step, using: &random) }
        #expect(delays.allSatisfy { $0 >= .zero && $0 < bound })
        // Full jitter: the whole range is used.
        #expect(delays.contains { $0 < bound / 4 } && delays.contains { $0 > bound * 3 / 4 })
    }

    @Test("without a base or a cap there is no delay")
    func none() {
        var random = SplitMix64(seed: 7)
        #expect(Backoff(base: .zero, cap: .seconds(20)).delay(step: 3, using: &random) == .zero)
        #expect(Backoff(base: .seconds(1), cap: .zero).delay(step: 3, using: &random) == .zero)
    }

    @Test("the same seed gives the same numbers, another one others")
    func seeds() {
        func numbers(_ seed: UInt64) -> [UInt64] {
            var random = SplitMix64(seed: seed)
            return (0..<4).map { _ in random.next() }
        }
        #expect(numbers(1) == numbers(1))
        #expect(numbers(1) != numbers(2))
        #expect(Set(numbers(1)).count == 4)
    }

    @Test("due times come out in order, equal ones by index")
    func order() {
        var random = SplitMix64(seed: 3)
        var queue = DueQueue()
        var expected: [(Int64, Int)] = []
        for index in 0..<500 {
            let second = Int64.random(in: 0..<50, using: &random)
            queue.insert(index: index, due: Timestamp(seconds: second))
            expected.append((second, index))
        }
        var seen: [(Int64, Int)] = []
        while let first = queue.first {
            seen.append((first.due.nanoseconds / 1_000_000_000, first.index))
            queue.removeFirst()
        }
        #expect(seen.elementsEqual(expected.sorted { $0 < $1 }) { $0 == $1 })
        #expect(queue.first == nil)
    }
}
