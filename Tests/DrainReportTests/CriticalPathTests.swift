import DrainEngine
import SeededRandom
import Testing
import Timestamps

@testable import DrainReport

@Suite("CriticalPath: what a drain waited for")
struct CriticalPathTests {
    private func path(_ file: SpanLines) throws -> (drain: DrainStory, path: CriticalPath) {
        let drain = try #require(report(file).drains.first)
        return (drain, CriticalPath(drain))
    }

    @Test("the pod that ended last waited for its budget, and the budget for the others")
    func budget() throws {
        let (drain, path) = try path(.shop())
        #expect(path.verdict?.cause == .blocked(by: "budget shop/web"))
        #expect(path.verdict?.detail == "waited on 3 replicas")
        #expect(drain.headline(path.verdict) == "60 of 69 s: budget shop/web; waited on 3 replicas")
        #expect(path.steps.map(\.cause).first == .preparing && path.steps.map(\.cause).last == .finishing)
        #expect(Set(path.steps.map(\.pod)) == ["", "shop/web-4"])
    }

    @Test("a pod that stood in the queue until another one had gone waited for that one, and so on")
    func chain() throws {
        var file = SpanLines()
        file.prepare()
        for index in 0..<4 {
            let start = 0.2 + Double(index) * 10
            file.add(
                SpanLines.Pod(
                    name: "p\(index)", attempts: [(start, .accepted)], termination: (start + 0.1, start + 10),
                    end: start + 10))
        }
        file.end("completed", at: 41)
        let (_, path) = try path(file)
        #expect(path.verdict?.cause == .terminating)
        #expect(path.verdict?.detail.hasPrefix("4 pods one after another") == true)
        #expect(path.steps.filter { $0.cause == .terminating }.map(\.pod) == (0..<4).map { "shop/p\($0)" })
        #expect(abs((path.verdict?.seconds ?? 0) - 39.6) < 0.001)
    }

    @Test("a pod that stood in the queue for other requests waited for the queue")
    func requests() throws {
        let (drain, path) = try path(Worlds.many(500))
        #expect(path.verdict?.cause == .queued)
        #expect(drain.headline(path.verdict) == "50 of 54 s: the queue; batch/job-499")
    }

    @Test("a budget that can never allow is named with what to do; a turn with who had it")
    func unsatisfiable() throws {
        let (drain, path) = try path(Worlds.troubled)
        #expect(drain.headline(path.verdict).hasPrefix("99 of 120 s: "))
        #expect(path.verdict?.cause == .blocked(by: "budget shop/db"))
        #expect(path.verdict?.detail == "unsatisfiable: scale Deployment shop/db to 2 or more")
        #expect(path.steps.first?.cause == .turn)
        #expect(path.steps.first?.seconds == 20)
    }

    @Test("between two processes there was no agent")
    func gap() throws {
        let drain = try #require(report(Worlds.resumed).drains.first)
        let path = CriticalPath(drain)
        let gap = try #require(path.steps.first { $0.cause == .noAgent })
        #expect(gap.end == SpanLines.at(29))
        #expect(path.steps.count { $0.cause == .noAgent } == 1)
    }

    @Test("our own pod, which stays, held nobody up")
    func ownPod() throws {
        var file = SpanLines()
        file.prepare()
        file.add(SpanLines.Pod(name: "a", attempts: [(0.2, .accepted)], termination: (0.3, 9), end: 9))
        file.add(SpanLines.Pod(name: "self", end: 10, result: nil, phase: "queued"))
        file.end("completed", at: 10)
        let (_, path) = try path(file)
        #expect(Set(path.steps.map(\.pod)) == ["", "shop/a"])
    }

    @Test("whatever happened, the steps fill the drain without a gap", arguments: UInt64(0)..<200)
    func complete(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var file = SpanLines()
        if Bool.random(using: &random) { file.turn(0, .random(in: 0...5, using: &random), behind: ["x"]) }
        if Bool.random(using: &random) { file.prepare(5, 6) }
        for index in 0..<Int.random(in: 0...12, using: &random) {
            let times = (0..<6).map { _ in Double.random(in: 0...100, using: &random) }.sorted()
            file.add(
                SpanLines.Pod(
                    name: "p\(index)", start: times[0],
                    attempts: [
                        (times[1], .allCases.randomElement(using: &random) ?? .accepted), (times[3], .accepted),
                    ],
                    waits: Bool.random(using: &random) ? [.init(start: times[2], end: times[3])] : [],
                    termination: Bool.random(using: &random) ? (times[4], times[5]) : nil, end: times[5],
                    result: ["evicted", "vanished", "failed", nil].randomElement(using: &random) ?? nil),
                whole: Double.random(in: 0...1, using: &random) < 0.8)
        }
        if Bool.random(using: &random) { file.end(Bool.random(using: &random) ? "completed" : "timed_out", at: 101) }
        guard let drain = report(file).drains.first else { return }
        let steps = CriticalPath(drain).steps
        #expect(abs(steps.reduce(0) { $0 + $1.seconds } - drain.seconds) < 1e-6)
        for (before, after) in zip(steps, steps.dropFirst()) { #expect(before.end == after.start) }
        for pod in drain.pods {
            #expect(abs(pod.stretches.reduce(0) { $0 + $1.seconds } - pod.lifetime) < 1e-6)
        }
    }
}
