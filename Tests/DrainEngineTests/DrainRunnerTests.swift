import DrainEngine
import KubernetesAPI
import Locking
import TestSupport
import Testing
import Timestamps

/// A world for a `DrainRunner`: requests and sleeps wait until the test lets them go on. No real time passes.
private final class ManualWorld: Sendable {
    struct Held: Sendable {
        var request: APIRequest
        var answer: CheckedContinuation<Exchange.Answer, Never>
    }

    private struct State {
        var now = ScriptedDrain.epoch
        var sleepers: [Int: (until: Timestamp, wake: CheckedContinuation<Void, Never>)] = [:]
        var cancelled: Set<Int> = []
        var nextSleeper = 0
    }

    private let state = Lock(State())
    private let heldRequests: AsyncStream<Held>
    private let hold: AsyncStream<Held>.Continuation
    private let startedSleeps: AsyncStream<Timestamp>
    private let sleeps: AsyncStream<Timestamp>.Continuation
    private let startedWatches: AsyncStream<(WatchRequest, AsyncStream<WatchSignal>.Continuation)>
    private let watches: AsyncStream<(WatchRequest, AsyncStream<WatchSignal>.Continuation)>.Continuation
    private let endedWatches: AsyncStream<String>
    private let ends: AsyncStream<String>.Continuation
    private let quiet = Lock<[AsyncStream<WatchSignal>.Continuation]>([])
    let events = Lock<[DrainEvent]>([])

    init() {
        (heldRequests, hold) = AsyncStream.makeStream()
        (startedSleeps, sleeps) = AsyncStream.makeStream()
        (startedWatches, watches) = AsyncStream.makeStream()
        (endedWatches, ends) = AsyncStream.makeStream()
    }

    var environment: DrainRunner.Environment {
        DrainRunner.Environment(
            send: { await self.send($0) }, watch: { self.watch($0) }, sleep: { await self.sleep(until: $0) },
            time: TimeSource { self.state.withLock { $0.now } }, traceparent: { _ in "00-trace" })
    }

    private func send(_ request: APIRequest) async -> Exchange {
        let sent = state.withLock { $0.now }
        let answer = await withCheckedContinuation { hold.yield(Held(request: request, answer: $0)) }
        return Exchange(answer: answer, sent: sent, received: state.withLock { $0.now })
    }

    private func watch(_ request: WatchRequest) -> AsyncStream<WatchSignal> {
        AsyncStream { signals in
            // The node's and the budgets' have nothing to say.
            guard case .pods = request.topic else { return quiet.withLock { $0.append(signals) } }
            signals.onTermination = { [ends] _ in ends.yield(request.resourceVersion) }
            watches.yield((request, signals))
        }
    }

    private func sleep(until time: Timestamp) async {
        let id = state.withLock { state in
            state.nextSleeper += 1
            return state.nextSleeper
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { wake in
                let isOver = state.withLock { state -> Bool in
                    if state.cancelled.contains(id) || time <= state.now { return true }
                    state.sleepers[id] = (time, wake)
                    return false
                }
                sleeps.yield(time)
                if isOver { wake.resume() }
            }
        } onCancel: {
            state.withLock { state in
                state.cancelled.insert(id)
                return state.sleepers.removeValue(forKey: id)
            }?.wake.resume()
        }
    }

    /// Moves the clock, and wakes whoever is due.
    func advance(to time: Timestamp) {
        state.withLock { $0.now = time }
        wake { $0 <= time }
    }

    /// Wakes everybody though nobody is due.
    func ring() { wake { _ in true } }

    private func wake(where isDue: (Timestamp) -> Bool) {
        let due = state.withLock { state in
            let due = state.sleepers.filter { isDue($0.value.until) }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.wake)
        }
        due.forEach { $0.resume() }
    }

    var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    func nextRequest() async throws -> Held {
        var iterator = heldRequests.makeAsyncIterator()
        return try #require(await iterator.next())
    }

    /// The next request, answered so.
    @discardableResult
    func answer(_ answer: Exchange.Answer) async throws -> APICall {
        let held = try await nextRequest()
        held.answer.resume(returning: answer)
        return held.request.call
    }

    func nextWatch() async throws -> (request: WatchRequest, signals: AsyncStream<WatchSignal>.Continuation) {
        var iterator = startedWatches.makeAsyncIterator()
        return try #require(await iterator.next())
    }

    /// The version that the next watch to end had begun from.
    func nextWatchEnd() async throws -> String {
        var iterator = endedWatches.makeAsyncIterator()
        return try #require(await iterator.next())
    }

    /// Until somebody sleeps until then.
    func sleep(isUntil time: Timestamp) async throws {
        var iterator = startedSleeps.makeAsyncIterator()
        while try #require(await iterator.next()) != time {}
    }

    /// Node read, pods listed, node cordoned.
    func start(_ pods: [Pod]) async throws {
        try await answer(HandDrain.node())
        try await answer(.success(code: 200, .pods(PodList(resourceVersion: "7", items: pods))))
        try await answer(HandDrain.node(unschedulable: true, version: "2"))
    }
}

private struct Recorder: DrainObserver {
    let world: ManualWorld
    func observe(_ event: DrainEvent) { world.events.withLock { $0.append(event) } }
}

@Suite("DrainRunner", .timeLimit(.minutes(1)))
struct DrainRunnerTests {
    private let world = ManualWorld()
    private let epoch = ScriptedDrain.epoch

    private func runner(_ change: (inout DrainPolicy) -> Void = { _ in }) -> DrainRunner {
        var policy = DrainPolicy(node: "node-a")
        change(&policy)
        return DrainRunner(policy: policy, seed: 1, environment: world.environment, observer: Recorder(world: world))
    }

    private func run(_ runner: DrainRunner, deadline: Timestamp? = nil) -> Task<DrainSummary, Never> {
        Task { await runner.run(DrainStart(id: "d", trigger: .command, deadline: deadline)) }
    }

    /// Later than whatever was listed.
    private func deleted(_ name: String) -> WatchSignal {
        var pod = Pod.stub(name)
        pod.metadata.resourceVersion = "31"
        return .event(.deleted(.pod(pod)))
    }

    @Test("requests are in flight side by side, the watch tells of the end, and the observer hears everything in order")
    func drains() async throws {
        let runner = runner()
        let drain = run(runner)
        try await world.start([.stub("a"), .stub("b"), .stub("c")])
        let watch = try await world.nextWatch()
        #expect(watch.request.resourceVersion == "7")
        // Three at once: none has been answered yet.
        let held = [try await world.nextRequest(), try await world.nextRequest(), try await world.nextRequest()]
        #expect(held.allSatisfy { $0.request.traceparent == "00-trace" })
        for request in held { request.answer.resume(returning: .created) }
        for name in ["a", "b", "c"] { watch.signals.yield(deleted(name)) }
        let verify = try await world.answer(.success(code: 200, .pods(PodList(resourceVersion: "9", items: []))))
        #expect(verify == .listPods(node: "node-a", .consistent(chunkSize: 500)))
        let summary = await drain.value
        #expect(summary.outcome == .completed && summary.total == 3)
        let facts = world.events.withLock { $0.map(\.fact) }
        #expect(facts.last == .ended(summary))
        guard case .began = facts.first else {
            Issue.record("began is not first")
            return
        }
        // The watch is closed with the drain.
        #expect(try await world.nextWatchEnd() == "7")
    }

    @Test("an old watch is closed and another begun where the machine wants one")
    func followsTheWatch() async throws {
        let runner = runner()
        let drain = run(runner)
        try await world.start([.stub("a")])
        let first = try await world.nextWatch()
        first.signals.yield(.opened)
        first.signals.yield(.ended(.expired, detail: "", status: Status(code: 410)))
        first.signals.finish()
        try await world.answer(.created)
        let refresh = try await world.answer(
            .success(code: 200, .pods(PodList(resourceVersion: "30", items: [.stub("a")]))))
        #expect(refresh == .listPods(node: "node-a", .cache(notBefore: "7")))
        let second = try await world.nextWatch()
        #expect(second.request.resourceVersion == "30")
        #expect(try await world.nextWatchEnd() == "7")
        second.signals.yield(deleted("a"))
        try await world.answer(.success(code: 200, .pods(PodList(resourceVersion: "31", items: []))))
        #expect(await drain.value.outcome == .completed)
        #expect(try await world.nextWatchEnd() == "30")
    }

    @Test("the alarm rings when the machine wants it, and is set again after it has rung")
    func alarm() async throws {
        // Not when the drain looks at its deadline, too: each 5 s.
        let runner = runner { $0.webhookRetryInterval = .seconds(4) }
        let drain = run(runner, deadline: epoch + .seconds(8))
        try await world.start([.stub("a")])
        try await world.answer(.refusal(.webhook("kv")))
        try await world.sleep(isUntil: epoch + .seconds(4))
        world.advance(to: epoch + .seconds(4))
        #expect(try await world.answer(.refusal(.webhook("kv"))) == .evict(Pod.stub("a").identity, DeleteOptions()))
        try await world.sleep(isUntil: epoch + .seconds(5))
        world.advance(to: epoch + .seconds(5))
        try await world.sleep(isUntil: epoch + .seconds(8))
        world.advance(to: epoch + .seconds(8))
        let summary = await drain.value
        #expect(summary.outcome == .timedOut && summary.remaining.map(\.attempts) == [2])
        #expect(world.sleeperCount == 0)
    }

    @Test("an alarm that rings early is set again")
    func earlyAlarm() async throws {
        let runner = runner()
        let drain = run(runner, deadline: epoch + .seconds(8))
        let held = try await world.nextRequest()
        try await world.sleep(isUntil: epoch + .seconds(8))
        world.ring()
        try await world.sleep(isUntil: epoch + .seconds(8))
        world.advance(to: epoch + .seconds(8))
        held.answer.resume(returning: .away)
        #expect(await drain.value.outcome == .timedOut)
    }

    @Test("a cancel from outside waits for the answers in flight")
    func cancels() async throws {
        let runner = runner()
        let drain = run(runner)
        try await world.start([.stub("a")])
        let held = try await world.nextRequest()
        runner.cancel(uncordon: true)
        held.answer.resume(returning: .created)
        let uncordon = try await world.answer(HandDrain.node(version: "3"))
        #expect(uncordon == .setUnschedulable(node: "node-a", false))
        let summary = await drain.value
        #expect(summary.outcome == .cancelled && !summary.leftCordoned)
        #expect(summary.remaining.map(\.phase) == [.terminating])
    }

    @Test("a deadline can be set from other threads while it runs")
    func deadlineFromOutside() async throws {
        let runner = runner { $0.settleTimeout = .zero }
        let drain = run(runner)
        try await world.start([.stub("a")])
        try await world.answer(.refusal(.webhook("kv")))
        await withTaskGroup(of: Void.self) { group in
            for second in 100..<110 {
                group.addTask { runner.setDeadline(ScriptedDrain.epoch + .seconds(second)) }
            }
        }
        runner.setDeadline(epoch + .seconds(2))
        try await world.sleep(isUntil: epoch + .seconds(2))
        world.advance(to: epoch + .seconds(2))
        let summary = await drain.value
        #expect(summary.outcome == .timedOut)
        // Too late, and harmless.
        runner.setDeadline(nil)
        runner.cancel(uncordon: false)
    }
}
