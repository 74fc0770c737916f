import DrainEngine
import TestSupport
import Testing

@Suite("NodeDrain in random worlds")
struct RandomDrainTests {
    @Test("whatever the world does, the drain ends, the books balance and nothing forbidden happens", arguments: 0..<20)
    func invariants(hundred: Int) throws {
        for seed in (hundred * 100)..<(hundred * 100 + 100) {
            let world = RandomWorld(seed: UInt64(seed))
            var ledger = Ledger(policy: world.policy)
            world.drain.onStep = { ledger.take($1, of: $0) }
            let end = world.drain.run()
            ledger.close(world.drain)
            #expect(end == .ended, "seed \(seed)")
            #expect(ledger.complaints == [], "seed \(seed)")
        }
    }

    @Test("the random worlds reach every outcome and every answer")
    func coverage() {
        var outcomes: Set<DrainOutcome> = []
        var answers: Set<EvictionAnswer> = []
        for seed in 0..<400 {
            let world = RandomWorld(seed: UInt64(seed))
            world.drain.run()
            if let outcome = world.drain.summary?.outcome { outcomes.insert(outcome) }
            for case .evictionAnswered(let attempt) in world.drain.events.map(\.fact) {
                answers.insert(attempt.reply.answer)
            }
        }
        #expect(outcomes == Set(DrainOutcome.allCases))
        #expect(answers == Set(EvictionAnswer.allCases).subtracting([.replaced]))
    }
}
