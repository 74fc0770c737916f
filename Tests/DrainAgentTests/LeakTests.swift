import FoundationEssentials
import Testing

/// Counts what the whole process holds, so that it has to be alone in it: `make test-leaks`.
@Suite(
    "Leaks", .timeLimit(.minutes(5)),
    .enabled(if: ProcessInfo.processInfo.environment["DRAIN_AGENT_LEAKS"] != nil))
struct LeakTests {
    /// 8 KiB a drain; about 5 are seen, 2 of them the simulated cluster's, which is in this process, too, and some until
    /// the timers of ended tasks are due. A connection, a watch or a drain that stayed would be more.
    private static let memoryMargin = 8 << 20
    /// Idle connections of a pool, and what Dispatch has threads for, come and go; a leak would be a thousand.
    private static let margin = 40

    @Test("a thousand drains, each with its watches, a blocked pod, a scrape and a look, leave nothing behind")
    func thousandDrains() async throws {
        try await LongAgent.with(count: 4) { agents in
            try await drain(agents, times: 100)
            let before = try Holdings.ofThisProcess()
            try await drain(agents, times: 250)
            let after = try await settled(before)
            print("before: \(before); after a thousand drains: \(after)")
            #expect(after.descriptors <= before.descriptors + Self.margin)
            #expect(after.threads <= before.threads + Self.margin)
            #expect(after.anonymousBytes <= before.anonymousBytes + Self.memoryMargin)
        }
    }

    /// All of them at once.
    private func drain(_ agents: [LongAgent], times: Int) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for agent in agents { group.addTask { try await agent.drain(times: times) } }
            try await group.waitForAll()
        }
    }

    /// Connections are closed a moment after the answer.
    private func settled(_ before: Holdings) async throws -> Holdings {
        let limit = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < limit, try Holdings.ofThisProcess().descriptors > before.descriptors {
            await Task.yield()
        }
        return try Holdings.ofThisProcess()
    }
}
