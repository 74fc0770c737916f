public import KubernetesAPI
import Synchronization
public import Timestamps

/// Drives one `NodeDrain`: the only loop. One inbox of inputs, one sleeper, one set of watches.
public final class DrainRunner: Sendable {
    /// The world a drain acts on; a test passes its own.
    public struct Environment: Sendable {
        public var send: @Sendable (APIRequest) async -> Exchange
        /// Ends by itself with `.ended`; closes its connection when its consumer is cancelled.
        public var watch: @Sendable (WatchRequest) -> AsyncStream<WatchSignal>
        /// Returns at that time, or at once when its task is cancelled.
        public var sleep: @Sendable (Timestamp) async -> Void
        public var time: TimeSource
        /// The W3C trace context that goes with a request.
        public var traceparent: @Sendable (DrainRequest) -> String?

        public init(
            send: @escaping @Sendable (APIRequest) async -> Exchange,
            watch: @escaping @Sendable (WatchRequest) -> AsyncStream<WatchSignal>,
            sleep: @escaping @Sendable (Timestamp) async -> Void,
            time: TimeSource,
            traceparent: @escaping @Sendable (DrainRequest) -> String? = { _ in nil }
        ) {
            self.send = send
            self.watch = watch
            self.sleep = sleep
            self.time = time
            self.traceparent = traceparent
        }
    }

    private let environment: Environment
    private let observer: any DrainObserver
    private let policy: DrainPolicy
    private let seed: UInt64
    private let inbox: AsyncStream<DrainInput>
    private let post: AsyncStream<DrainInput>.Continuation

    public init(
        policy: DrainPolicy, seed: UInt64, environment: Environment, observer: any DrainObserver
    ) {
        self.policy = policy
        self.seed = seed
        self.environment = environment
        self.observer = observer
        (inbox, post) = AsyncStream.makeStream()
    }

    /// Another deadline from now on; from any thread, at any time.
    public func setDeadline(_ deadline: Timestamp?, hardEnd: Timestamp? = nil) {
        post.yield(.deadline(deadline, hardEnd: hardEnd))
    }

    /// Ends the drain as cancelled; from any thread, at any time.
    public func cancel(uncordon: Bool) { post.yield(.cancel(uncordon: uncordon)) }

    /// Drains, once, to the outcome. Not to be cancelled as a task: `cancel` is the way to end it early.
    public func run(_ start: DrainStart) async -> DrainSummary {
        var machine = NodeDrain(policy: policy, seed: seed)
        var watches = RunningWatches()
        var alarm = Alarm()
        // Discarding: a drain may send requests for days, and none of their ends is asked for.
        let summary = await withDiscardingTaskGroup { requests in
            var summary = handle(.start(start), &machine, &requests)
            var inputs = inbox.makeAsyncIterator()
            while summary == nil {
                watches.follow(machine.wantedWatches, environment, post)
                alarm.follow(machine.nextWake, environment, post)
                guard let input = await inputs.next() else { break }
                if case .tick = input { alarm.hasRung() }
                if case .watch(let topic, _, _) = input { watches.hasBeenHeard(topic) }
                summary = handle(input, &machine, &requests)
            }
            requests.cancelAll()
            return summary
        }
        watches.follow([], environment, post)
        alarm.follow(nil, environment, post)
        post.finish()
        guard let summary else { preconditionFailure("the inbox ends only when the drain has") }
        return summary
    }

    private func handle(
        _ input: DrainInput, _ machine: inout NodeDrain, _ requests: inout DiscardingTaskGroup
    ) -> DrainSummary? {
        let step = machine.handle(input, at: environment.time.now())
        for event in step.events { observer.observe(event) }
        for request in step.requests {
            requests.addTask { [environment, post] in
                let sent = APIRequest(request.call, traceparent: environment.traceparent(request))
                post.yield(.answered(request.purpose, await environment.send(sent)))
            }
        }
        return step.summary
    }
}

/// The watches that run now, one a topic.
private struct RunningWatches {
    private var watches: [WatchRequest.Topic: RunningWatch] = [:]

    func hasBeenHeard(_ topic: WatchRequest.Topic) { watches[topic]?.hasBeenHeard() }

    /// Starts and ends the difference.
    mutating func follow(
        _ wanted: [WantedWatch], _ environment: DrainRunner.Environment,
        _ post: AsyncStream<DrainInput>.Continuation
    ) {
        guard !wanted.isEmpty || !watches.isEmpty else { return }
        for topic in watches.keys where !wanted.contains(where: { $0.request.topic == topic }) {
            watches[topic]?.follow(nil, environment, post)
        }
        for watch in wanted { watches[watch.request.topic, default: RunningWatch()].follow(watch, environment, post) }
    }
}

/// One watch. What it has said and nobody has heard yet is bounded: beyond that it ends, and what it watched is listed
/// again.
private struct RunningWatch {
    private static let lagLimit = 1000

    private let unheard = UnheardSignals()
    private var generation: Int?
    private var task: Task<Void, Never>?

    /// A signal of this watch, or of one before, has left the inbox.
    func hasBeenHeard() { unheard.count.wrappingSubtract(1, ordering: .relaxed) }

    mutating func follow(
        _ wanted: WantedWatch?, _ environment: DrainRunner.Environment,
        _ post: AsyncStream<DrainInput>.Continuation
    ) {
        guard wanted?.generation != generation else { return }
        task?.cancel()
        task = nil
        generation = wanted?.generation
        guard let wanted else { return }
        task = Task { [unheard] in
            func tell(_ signal: WatchSignal) {
                post.yield(.watch(wanted.request.topic, generation: wanted.generation, signal))
            }
            func end(_ detail: String) { tell(.ended(.error, detail: detail, status: nil)) }
            for await signal in environment.watch(wanted.request) {
                let waiting = unheard.count.wrappingAdd(1, ordering: .relaxed).newValue
                guard waiting <= Self.lagLimit else {
                    return end("the events were not read: \(Self.lagLimit) were waiting")
                }
                tell(signal)
                if case .ended = signal { return }
            }
            guard !Task.isCancelled else { return }
            unheard.count.wrappingAdd(1, ordering: .relaxed)
            end("the watch ended without a word")
        }
    }
}

/// How many signals are in the inbox.
private final class UnheardSignals: Sendable {
    let count = Atomic(0)
}

/// The one sleeper.
private struct Alarm {
    private var time: Timestamp?
    private var task: Task<Void, Never>?

    /// It may have rung a little early: it is set again, if need be.
    mutating func hasRung() { time = nil }

    mutating func follow(
        _ wanted: Timestamp?, _ environment: DrainRunner.Environment, _ post: AsyncStream<DrainInput>.Continuation
    ) {
        guard wanted != time else { return }
        task?.cancel()
        task = nil
        time = wanted
        guard let wanted else { return }
        task = Task {
            await environment.sleep(wanted)
            if !Task.isCancelled { post.yield(.tick) }
        }
    }
}
