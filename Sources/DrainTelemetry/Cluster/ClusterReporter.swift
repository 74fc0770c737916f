public import DrainEngine
public import KubernetesAPI
internal import Locking
public import Telemetry
public import Timestamps

/// A drain's events as Events and conditions in the cluster: best effort, from a task of its own, never in a drain's way.
public final class ClusterReporter: DrainObserver {
    public struct Settings: Sendable, Equatable {
        /// Events on the node, and on pods that are blocked or stuck.
        public var events: Bool
        /// One on each evicted pod, too.
        public var podEvents: Bool
        /// `DrainInProgress` and `Drained`.
        public var conditions: Bool

        public init(events: Bool = true, podEvents: Bool = false, conditions: Bool = true) {
            self.events = events
            self.podEvents = podEvents
            self.conditions = conditions
        }
    }

    private struct State {
        var report: ClusterReport
        var queue: ReportQueue
        var traceparent: String?
        var runner: Task<Void, Never>?
        var isClosing = false
    }

    private let node: String
    private let boot: String
    private let settings: Settings
    private let time: TimeSource
    private let say: @Sendable (LogLevel, String, [(String, JSONValue)]) -> Void
    private let counters: PerWord<ClusterEventFate, Counter>
    private let state: Lock<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    /// Finished when, after `finish` was called, there is nothing more to send.
    private let ends: AsyncStream<Void>
    private let end: AsyncStream<Void>.Continuation

    /// `say`: for a permission that is missing.
    public init(
        _ settings: Settings, node: String, boot: String, registry: Registry, time: TimeSource,
        say: @escaping @Sendable (LogLevel, String, [(String, JSONValue)]) -> Void
    ) {
        self.settings = settings
        self.node = node
        self.boot = boot
        self.time = time
        self.say = say
        counters = PerWord {
            registry.counter(
                "drain_cluster_events_total", help: "Events about the drain, by what became of them.",
                labels: ["result": $0.rawValue])
        }
        state = Lock(
            State(report: ClusterReport(node: node, podEvents: settings.podEvents), queue: ReportQueue(node: node)))
        (wakes, wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (ends, end) = AsyncStream.makeStream()
    }

    public func observe(_ event: DrainEvent) {
        guard settings.events || settings.conditions else { return }
        let hasNews = state.withLock { state -> Bool in
            if case .began(let start, _) = event.fact {
                state.queue = ReportQueue(node: node, drainID: start.id)
                let trace = DrainTrace(start, boot: boot)
                state.traceparent = TraceParent(traceID: trace.traceID, spanID: trace.root).header
            }
            let remarks = state.report.take(event)
            for remark in remarks {
                switch remark {
                case .note(let note): if settings.events { state.queue.add(note, at: event.at) }
                case .conditions(let values): if settings.conditions { state.queue.set(values) }
                }
            }
            publish(&state)
            return !remarks.isEmpty
        }
        if hasNews { wake.yield() }
    }

    /// Begins to send, once; what was told before is sent first. `sleep` returns at that time, or when it is cancelled.
    public func start(
        send: @escaping @Sendable (APIRequest) async -> Exchange,
        sleep: @escaping @Sendable (Timestamp) async -> Void
    ) {
        state.withLock { state in
            guard state.runner == nil else { return }
            state.runner = Task { await run(send, sleep) }
        }
    }

    /// Sends what is left, or gives it up when `sleep` returns. Nothing is sent afterwards.
    public func finish(_ sleep: @escaping @Sendable () async -> Void) async {
        let runner = state.withLock { state in
            state.queue.close()
            state.isClosing = true
            return state.runner
        }
        if runner != nil {
            wake.yield()
            await withTaskGroup { group in
                group.addTask { [ends] in for await _ in ends {} }
                group.addTask { await sleep() }
                await group.next()
                group.cancelAll()
            }
        }
        state.withLock { state in
            state.queue.abandon()
            publish(&state)
        }
        wake.finish()
        runner?.cancel()
    }

    private func run(
        _ send: @Sendable (APIRequest) async -> Exchange, _ sleep: @escaping @Sendable (Timestamp) async -> Void
    ) async {
        var wakes = wakes.makeAsyncIterator()
        while true {
            let (next, isClosing, traceparent) = state.withLock { state in
                (state.queue.next(at: time.now()), state.isClosing, state.traceparent)
            }
            switch next {
            case .send(let call): answered(await send(APIRequest(call, traceparent: traceparent)))
            case .wait(let moment):
                let alarm = Task { [wake] in
                    await sleep(moment)
                    if !Task.isCancelled { wake.yield() }
                }
                defer { alarm.cancel() }
                guard await wakes.next() != nil else { return }
            case .idle:
                if isClosing { return end.finish() }
                guard await wakes.next() != nil else { return }
            }
        }
    }

    private func answered(_ exchange: Exchange) {
        let complaint = state.withLock { state in
            defer { publish(&state) }
            return state.queue.answered(exchange, at: time.now())
        }
        switch complaint {
        case .events(let message): say(.warning, "cannot write Events", [("err", .string(message))])
        case .conditions(let message): say(.warning, "cannot write the node's conditions", [("err", .string(message))])
        case nil: break
        }
    }

    private func publish(_ state: inout State) {
        for (fate, number) in state.queue.takeFates() { counters[fate].increment(by: Double(number)) }
    }
}
