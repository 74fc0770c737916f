import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Telemetry
import Timestamps

/// The one drain of this process: who may start it, what became of it.
actor DrainController {
    enum Started: Sendable, Equatable {
        case begun(id: String)
        /// The same drain was asked for before; it runs, or has ended.
        case already(id: String)
        /// Another one runs, or has ended.
        case conflict(id: String)
    }

    private struct Current {
        var id: String
        var demand: DrainDemand
        var runner: DrainRunner
        var summary: DrainSummary?
    }

    private let cluster: Cluster
    private let telemetry: AgentTelemetry
    private let policy: DrainPolicy
    private let timeout: Duration?
    private let time: TimeSource
    private var current: Current?
    private var reports: Task<Void, Never>?
    private var chore: Task<Void, Never>?
    private(set) var agent: String?
    private var waiters: [Int: CheckedContinuation<DrainSummary?, Never>] = [:]
    private var lastWaiter = 0
    private var terminationBegan: Timestamp?

    /// `timeout`: `--timeout`; `nil`: none.
    init(cluster: Cluster, telemetry: AgentTelemetry, policy: DrainPolicy, timeout: Duration?, time: TimeSource) {
        self.cluster = cluster
        self.telemetry = telemetry
        self.policy = policy
        self.timeout = timeout
        self.time = time
    }

    var isRunning: Bool { current.map { $0.summary == nil } ?? false }
    var hasBegun: Bool { current != nil }
    /// `nil`: nobody has asked us to end.
    var graceLimit: TimeLimit? { current?.demand.limit }

    /// `agent`: who we are in the record on the node; `nil`: none is kept.
    func start(_ demand: DrainDemand, own: PodIdentity?, agent: String? = nil) -> Started {
        if let current {
            let isSame =
                demand.id.map { $0 == current.id } ?? (demand.overrides == current.demand.overrides)
            return isSame ? .already(id: current.id) : .conflict(id: current.id)
        }
        // An agent waits for weeks: the wall clock may have been set since it began.
        time.reanchor()
        let id = demand.id ?? Self.newID()
        var start = DrainStart(
            id: id, trigger: demand.trigger, deadline: deadline(of: demand), traceparent: demand.traceparent)
        start.resumes = demand.resumes
        start.hardEnd = demand.limit?.hardEnd
        var policy = demand.applied(to: policy)
        policy.selfPod = own
        policy.recordedAs = agent
        let runner = DrainRunner(
            policy: policy, seed: .random(in: .min ... .max),
            environment: cluster.environment(DrainTrace(start, boot: telemetry.boot)),
            observer: telemetry)
        current = Current(id: id, demand: demand, runner: runner)
        let chore = chore
        chore?.cancel()
        Task {
            // What it is about to write to the node must not come after our own.
            await chore?.value
            ended(await runner.run(start))
        }
        reports = Task { await report() }
        return .begun(id: id)
    }

    /// Who we are, once that was found out: nobody is asked twice.
    func isKnown(as name: String) { agent = name }

    /// Work on the node that a drain takes precedence over; not begun once there is one.
    func undertake(_ work: @escaping @Sendable () async -> Void) {
        guard current == nil else { return }
        chore = Task { await work() }
    }

    func endChore() { chore?.cancel() }

    /// When somebody first began to end us, by a signal or a preStop hook: the grace counts from there.
    func beginTermination() -> Timestamp {
        if current == nil { time.reanchor() }
        let began = terminationBegan ?? time.now()
        terminationBegan = began
        return began
    }

    /// Less time than before, or more: a further SIGTERM tells.
    func limit(to limit: TimeLimit?) {
        guard isRunning, var demand = current?.demand else { return }
        demand.limit = limit
        current?.demand = demand
        current?.runner.setDeadline(deadline(of: demand), hardEnd: limit?.hardEnd)
    }

    /// False: there is nothing to cancel.
    func cancel(uncordon: Bool) -> Bool {
        guard isRunning else { return false }
        current?.runner.cancel(uncordon: uncordon)
        return true
    }

    /// How the drain ended, or will; waits for one that has not begun, too. `nil`: the caller was cancelled, as those
    /// are whose client has gone.
    func outcome() async -> DrainSummary? {
        if let summary = current?.summary { return summary }
        lastWaiter += 1
        let waiter = lastWaiter
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: nil) }
                waiters[waiter] = continuation
            }
        } onCancel: {
            Task { await forget(waiter) }
        }
    }

    private func forget(_ waiter: Int) { waiters.removeValue(forKey: waiter)?.resume(returning: nil) }

    private func ended(_ summary: DrainSummary) {
        current?.summary = summary
        reports?.cancel()
        for waiter in waiters.values { waiter.resume(returning: summary) }
        waiters = [:]
    }

    /// Every 30 seconds: the log's answer to "is anything happening?".
    private func report() async {
        while !Task.isCancelled {
            await pause(for: .seconds(30))
            guard !Task.isCancelled else { return }
            telemetry.tick()
        }
    }

    private func deadline(of demand: DrainDemand) -> Timestamp? {
        if let resumed = demand.resumes {
            return [resumed.deadline, demand.limit?.deadline].compactMap { $0 }.min()
        }
        let began = telemetry.progress.current.startedAt ?? time.now()
        let timeout = demand.overrides.timeout ?? timeout
        let own = timeout.flatMap { $0 > .zero ? began + $0 : nil }
        return [own, demand.limit?.deadline].compactMap { $0 }.min()
    }

    private static func newID() -> String {
        "drain-" + String(UInt64.random(in: (1 << 60) ... .max), radix: 16)
    }
}
