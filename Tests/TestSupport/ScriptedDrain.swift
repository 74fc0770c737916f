public import DrainEngine
public import KubernetesAPI
public import Timestamps

/// One `NodeDrain` in a world of its own: a scripted cluster, a virtual clock, and a driver that follows `nextWake` and
/// `wantedWatches` as the real one does.
public final class ScriptedDrain {
    /// How a request is answered.
    public struct Reply {
        public var answer: Exchange.Answer
        public var retryAfter: Duration?
        /// From sending to the answer; `nil`: none ever comes.
        public var latency: Duration?

        public init(
            _ answer: Exchange.Answer, retryAfter: Duration? = nil, after latency: Duration? = .milliseconds(10)
        ) {
            self.answer = answer
            self.retryAfter = retryAfter
            self.latency = latency
        }

        public init(_ status: Status, retryAfter: Duration? = nil, after latency: Duration? = .milliseconds(10)) {
            self.init(.refusal(status), retryAfter: retryAfter, after: latency)
        }
    }

    /// How a drive came to its end.
    public enum End: Equatable {
        case ended
        /// The clock has come to where the driver was told to stop.
        case paused
        /// Nothing in flight, nothing due: it would wait for ever.
        case stuck
        /// It asks to be woken at once, and does nothing then.
        case spinning
    }

    public static let epoch = Timestamp(seconds: 1_800_000_000)

    public private(set) var machine: NodeDrain
    public private(set) var now = ScriptedDrain.epoch
    public private(set) var events: [DrainEvent] = []
    public private(set) var sent: [(at: Timestamp, request: DrainRequest)] = []
    public private(set) var summary: DrainSummary?
    /// Requests whose answers have not come.
    public private(set) var awaited: Set<RequestPurpose> = []
    public var cluster: ScriptedCluster

    /// Tried before anything else; `nil`: the cluster answers.
    public var script: (APICall, Timestamp) -> Reply? = { _, _ in nil }
    /// What a new watch does at once, instead of telling of changes.
    public var brokenWatch: (WatchRequest, Timestamp) -> WatchSignal? = { _, _ in nil }
    /// From an accepted eviction to the pod's absence; `nil`: never.
    public var termination: (PodIdentity) -> Duration? = { _ in .seconds(2) }
    /// From a change to the watch that tells of it.
    public var watchDelay = Duration.milliseconds(5)
    /// Is told each step, after it.
    public var onStep: (ScriptedDrain, DrainStep) -> Void = { _, _ in }

    private enum Entry {
        case input(DrainInput)
        case action((ScriptedDrain) -> Void)
    }

    private var isSpinning = false
    private var agenda: [(at: Timestamp, entry: Entry)] = []
    private var watches: [WatchRequest.Topic: (generation: Int, version: Int)] = [:]
    private let start: DrainStart

    public init(
        _ policy: DrainPolicy, cluster: ScriptedCluster, seed: UInt64 = 1, trigger: DrainTrigger = .command,
        deadline: Duration? = .seconds(3600), start: DrainStart? = nil
    ) {
        machine = NodeDrain(policy: policy, seed: seed)
        self.cluster = cluster
        self.start =
            start ?? DrainStart(id: "drain-1", trigger: trigger, deadline: deadline.map { Self.epoch + $0 })
    }

    public convenience init(
        _ pods: [Pod], policy: DrainPolicy = DrainPolicy(node: "node-a"), seed: UInt64 = 1,
        deadline: Duration? = .seconds(3600)
    ) {
        self.init(policy, cluster: ScriptedCluster(node: policy.node, pods: pods), seed: seed, deadline: deadline)
    }

    /// Something to be done at that time of the drain.
    public func at(_ offset: Duration, _ action: @escaping (ScriptedDrain) -> Void) {
        schedule(.action(action), at: Self.epoch + offset)
    }

    /// An input from outside.
    public func tell(_ input: DrainInput) { step(input) }

    public var elapsed: Duration { now - Self.epoch }

    /// Runs from the start to the outcome, or until `limit` of the drain's time has passed.
    @discardableResult
    public func run(limit: Duration = .seconds(7200)) -> End {
        if machine.state == .idle { step(.start(start)) }
        let end = Self.epoch + limit
        while summary == nil {
            if isSpinning { return .spinning }
            followWatches()
            let entry = agenda.first?.at
            guard let next = [entry, machine.nextWake].compactMap({ $0 }).min() else { return .stuck }
            guard next <= end else { return .paused }
            now = max(now, next)
            guard entry == next else {
                step(.tick)
                continue
            }
            switch agenda.removeFirst().entry {
            case .input(let input): step(input)
            case .action(let action): action(self)
            }
        }
        return .ended
    }
}

// MARK: - The world's side

extension ScriptedDrain {
    private func schedule(_ entry: Entry, at time: Timestamp) {
        let index = agenda.firstIndex { $0.at > time } ?? agenda.endIndex
        agenda.insert((time, entry), at: index)
    }

    private func step(_ input: DrainInput) {
        if case .answered(let purpose, _) = input { awaited.remove(purpose) }
        let step = machine.handle(input, at: now)
        if let wake = machine.nextWake, wake <= now { isSpinning = true }
        events += step.events
        if let end = step.summary { summary = end }
        for request in step.requests {
            sent.append((now, request))
            awaited.insert(request.purpose)
            answer(request)
        }
        onStep(self, step)
        tellChanges()
    }

    private func answer(_ request: DrainRequest) {
        let reply = script(request.call, now) ?? reply(to: request.call)
        guard let latency = reply.latency else { return }
        let received = now + latency
        let exchange = Exchange(
            answer: reply.answer, auditID: "audit-\(sent.count)", retryAfter: reply.retryAfter, sent: now,
            received: received)
        schedule(.input(.answered(request.purpose, exchange)), at: received)
    }

    /// What the cluster says; it does at once what it is asked to.
    public func reply(to call: APICall) -> Reply {
        switch call {
        case .readNode: return Reply(.success(code: 200, .node(cluster.node)))
        case .patchNode(_, let patch, let dryRun):
            if !dryRun { apply(patch) }
            var node = cluster.node
            node.spec.unschedulable = patch.unschedulable ?? node.spec.unschedulable
            return Reply(.success(code: 200, .node(node)))
        case .listSelectedPods(let namespace, let selector):
            return Reply(.success(code: 200, .pods(cluster.selected(namespace, selector))))
        case .listBudgets(let namespace, _):
            let items = cluster.budgets.filter { namespace == nil || $0.metadata.namespace == namespace }
            return Reply(
                .success(code: 200, .budgets(ObjectList(resourceVersion: String(cluster.version), items: items))))
        case .readWorkload(let key):
            guard let workload = cluster.workloads[key] else {
                return Reply(Status(code: 404, message: "\(key) not found"))
            }
            return Reply(.success(code: 200, .workload(workload)))
        case .listPods: return Reply(.success(code: 200, .pods(cluster.list)))
        case .evict(let pod, let options), .deletePod(let pod, let options):
            if let refusal = cluster.refusal(of: pod) { return Reply(refusal) }
            if !options.dryRun { evict(pod) }
            return Reply(.created)
        case .mayEvict: return Reply(.success(code: 201, .allowed(true)))
        case .readDaemonSet: return Reply(.success(code: 200, .other))
        case .listLeases: return Reply(.success(code: 200, .leases([])))
        case .createLease(let lease), .replaceLease(let lease): return Reply(.success(code: 201, .lease(lease)))
        case .listVolumeAttachments: return Reply(.success(code: 200, .volumeAttachments([])))
        case .readPod, .whoAmI, .version, .setNodeConditions, .restartRollout, .createEvent, .repeatEvent, .deleteLease:
            return Reply(.success(code: 200, .other))
        }
    }

    private func apply(_ patch: NodePatch) {
        var node = cluster.node
        if let unschedulable = patch.unschedulable { node.spec.unschedulable = unschedulable }
        for (key, value) in patch.annotations { node.metadata.annotations[key] = value }
        put(node)
    }

    /// As an accepted eviction does: terminating now, gone after its time.
    public func evict(_ pod: PodIdentity) {
        cluster.terminate(pod.uid, at: now)
        tellChanges()
        guard let time = termination(pod) else { return }
        schedule(.action { $0.remove(pod.uid) }, at: now + time)
    }

    public func remove(_ uid: String) {
        cluster.remove(uid, at: now)
        tellChanges()
    }

    public func put(_ pod: Pod) {
        cluster.put(pod, at: now)
        tellChanges()
    }

    public func put(_ budget: Budget) {
        cluster.put(budget, at: now)
        tellChanges()
    }

    public func remove(_ budget: Budget) {
        cluster.remove(budget, at: now)
        tellChanges()
    }

    public func put(_ node: Node) {
        cluster.put(node, at: now)
        tellChanges()
    }

    private func followWatches() {
        let wanted = machine.wantedWatches
        for topic in watches.keys where !wanted.contains(where: { $0.request.topic == topic }) { watches[topic] = nil }
        for watch in wanted where watches[watch.request.topic]?.generation != watch.generation { begin(watch) }
    }

    private func begin(_ wanted: WantedWatch) {
        let topic = wanted.request.topic
        if let signal = brokenWatch(wanted.request, now) {
            watches[topic] = (wanted.generation, .max)
            return schedule(.input(.watch(topic, generation: wanted.generation, signal)), at: now + watchDelay)
        }
        watches[topic] = (wanted.generation, Int(wanted.request.resourceVersion) ?? 0)
        schedule(.input(.watch(topic, generation: wanted.generation, .opened)), at: now + watchDelay)
        tellChanges()
    }

    /// Ends the watch that runs; the pods', unless told otherwise.
    public func endWatch(
        _ reason: WatchRestart, of topic: WatchRequest.Topic? = nil, detail: String = "", status: Status? = nil
    ) {
        let topic = topic ?? .pods(node: machine.policy.node)
        guard let running = watches[topic] else { return }
        let end = WatchSignal.ended(reason, detail: detail, status: status)
        schedule(.input(.watch(topic, generation: running.generation, end)), at: now)
        watches[topic] = (running.generation, .max)
    }

    private func tellChanges() {
        // In the machine's order, for the same seed must make the same drain.
        for topic in machine.wantedWatches.map(\.request.topic) {
            guard let running = watches[topic] else { continue }
            for change in cluster.changes where change.version > running.version && change.concerns(topic) {
                watches[topic]?.version = change.version
                let signal = WatchSignal.event(change.event)
                schedule(.input(.watch(topic, generation: running.generation, signal)), at: now + watchDelay)
            }
        }
    }
}

// MARK: - What happened

extension ScriptedDrain {
    public var moves: [PodMove] {
        events.compactMap { if case .podMoved(let move) = $0.fact { move } else { nil } }
    }

    /// The phases that a pod was in, from its first.
    public func phases(_ name: String) -> [PodPhase] {
        var phases: [PodPhase] = []
        for event in events {
            switch event.fact {
            case .podAdded(let facts) where facts.pod.name == name: phases.append(facts.phase)
            case .podMoved(let move) where move.pod.name == name: phases.append(move.to)
            default: break
            }
        }
        return phases
    }

    public var finished: [PodEnd] {
        events.compactMap { if case .podFinished(let end) = $0.fact { end } else { nil } }
    }

    public var states: [DrainState] {
        events.compactMap { if case .stateChanged(let state) = $0.fact { state } else { nil } }
    }

    /// When requests of a kind went out, from the start.
    public func times(where isWanted: (DrainRequest) -> Bool) -> [Duration] {
        sent.filter { isWanted($0.request) }.map { $0.at - Self.epoch }
    }

    public func evictions(of name: String) -> [Duration] {
        times { request in
            if case .evict(let pod, _) = request.call { pod.name == name } else { false }
        }
    }

    public var exclusions: [String: ExclusionReason] {
        var exclusions: [String: ExclusionReason] = [:]
        for case .podExcluded(let pod, let reason) in events.map(\.fact) { exclusions[pod.name] = reason }
        return exclusions
    }
}
