import DrainEngine
import Testing
import Timestamps

@testable import Simulation

@Suite("The simulation")
struct SimulationTests {
    @Test("the same seed comes to the same end")
    func isDeterministic() {
        for seed: UInt64 in 0..<40 {
            #expect(Simulation.run(seed: seed).digest == Simulation.run(seed: seed).digest, "seed \(seed)")
        }
    }

    @Test("a trace changes nothing")
    func traced() {
        for seed: UInt64 in 0..<10 {
            let trace = Trace()
            #expect(Simulation.run(seed: seed, trace: trace).digest == Simulation.run(seed: seed).digest)
            #expect(!trace.lines.isEmpty)
        }
    }

    @Test("leaving a feature out that a seed does not have changes nothing")
    func featuresAreIndependent() {
        for seed: UInt64 in 0..<20 {
            let own = Scenario(seed: seed).features
            let others = Set(Feature.allCases).subtracting(own)
            #expect(Simulation.run(seed: seed, without: others).digest == Simulation.run(seed: seed).digest)
        }
    }

    @Test("a seed breaks nothing")
    func holds() {
        for seed: UInt64 in 0..<150 { #expect(Simulation.run(seed: seed).violation == nil, "seed \(seed)") }
    }

    @Test("what is due comes in the order of its time, then of its entry")
    func queue() {
        var queue = EventQueue<Int>()
        for (item, second) in [(1, 5), (2, 3), (3, 5), (4, 1)] {
            queue.add(item, at: Scenario.start + .seconds(second))
        }
        var order: [Int] = []
        while let item = queue.removeFirst() { order.append(item) }
        #expect(order == [4, 2, 1, 3])
    }

    @Test("every answer that somebody else gives has a meaning that the engine reads")
    func mischiefs() {
        var dice = Dice(1)
        for mischief in Mischief.allCases {
            let answer = mischief.answer(pod: "a", &dice).answer
            #expect(EvictionReply(answer, namespace: "shop").answer == mischief.meaning, "\(mischief)")
        }
    }
}
