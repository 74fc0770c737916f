import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Telemetry
import Timestamps

/// A whole drain before an API server that answers whatever it likes: its documents, one a line, the first byte for how
/// the drain is to be.
struct DrainChecks {
    private struct Kind: Decodable { var kind: String }

    private var pods: [Pod] = []
    private var nodes: [Node] = []
    private var budgets: [Budget] = []
    private var workloads: [Workload] = []
    private var leases: [Lease] = []
    private var attachments: [VolumeAttachment] = []
    private var statuses: [Status] = []
    private var now = ObjectChecks.now
    private var waiting: [DrainInput] = []
    private var turn = 0

    static func drain(_ bytes: [UInt8]) {
        var input = FuzzInput(bytes)
        let options = input.byte()
        var checks = DrainChecks(input.lines().prefix(64).map { Array($0.utf8) })
        checks.run(policy(options))
    }

    private static func policy(_ options: UInt8) -> DrainPolicy {
        var policy = DrainPolicy(node: "node-a")
        policy.order = options & 1 == 0 ? .priority : .none
        policy.preflight = options & 2 == 0 ? .off : .warn
        policy.atDeadline = options & 4 == 0 ? .stop : .delete
        policy.unblock = options & 8 == 0 ? .off : .rolloutRestart
        policy.waitsForVolumeDetach = options & 16 != 0
        policy.followsArrivals = options & 32 != 0
        if options & 64 != 0 { policy.fleet = DrainPolicy.Fleet(parallel: 1, namespace: "kube-system") }
        policy.recordedAs = options & 128 == 0 ? nil : "kube-system/drain-agent"
        return policy
    }

    private init(_ documents: [[UInt8]]) {
        for document in documents {
            switch ObjectChecks.decoded(document, Kind.self)?.kind {
            case "Pod": pods += [ObjectChecks.decoded(document, Pod.self)].compactMap { $0 }
            case "Node": nodes += [ObjectChecks.decoded(document, Node.self)].compactMap { $0 }
            case "PodDisruptionBudget": budgets += [ObjectChecks.decoded(document, Budget.self)].compactMap { $0 }
            case "Lease": leases += [ObjectChecks.decoded(document, Lease.self)].compactMap { $0 }
            case "VolumeAttachment":
                attachments += [ObjectChecks.decoded(document, VolumeAttachment.self)].compactMap { $0 }
            case "Deployment", "ReplicaSet", "StatefulSet":
                workloads += [ObjectChecks.decoded(document, Workload.self)].compactMap { $0 }
            default:
                statuses.append(Status(code: 429))
                if let status = ObjectChecks.decoded(document, Status.self) { statuses[statuses.count - 1] = status }
            }
        }
    }

    private mutating func run(_ policy: DrainPolicy) {
        var machine = NodeDrain(policy: policy, seed: 1)
        let observers: [any DrainObserver] = [
            DrainProgress(node: policy.node), DrainLog(node: policy.node, boot: "b") { _ = $0.json() },
            DrainSpans(node: policy.node, boot: "b", serverAddress: "a") { _ = SpanEncoding.object($0) },
        ]
        var watches: [WatchRequest.Topic: Int] = [:]
        var start = DrainStart(id: "d", trigger: .http, deadline: now + .seconds(900))
        start.hardEnd = now + .seconds(930)
        var input = DrainInput.start(start)
        for _ in 0..<300 {
            let step = machine.handle(input, at: now)
            for event in step.events { for observer in observers { observer.observe(event) } }
            if step.summary != nil { return }
            for request in step.requests { waiting.append(.answered(request.purpose, exchange(request.call))) }
            for wanted in machine.wantedWatches where watches[wanted.request.topic] != wanted.generation {
                watches[wanted.request.topic] = wanted.generation
                for signal in signals(wanted.request.topic) {
                    waiting.append(.watch(wanted.request.topic, generation: wanted.generation, signal))
                }
            }
            if !waiting.isEmpty {
                now = now + .milliseconds(3)
                input = waiting.removeFirst()
            } else {
                guard let wake = machine.nextWake else { return require(false, "a drain that waits for nothing") }
                require(wake > now, "it is never due at once, again and again")
                now = wake
                input = .tick
            }
        }
    }

    /// Of what there is, one after the other.
    private mutating func next<Item>(_ items: [Item]) -> Item? {
        guard !items.isEmpty else { return nil }
        turn += 1
        return items[turn % items.count]
    }

    private mutating func exchange(_ call: APICall) -> Exchange {
        Exchange(
            answer: answer(call), retryAfter: turn % 5 == 4 ? .seconds(turn) : nil, sent: now,
            received: now + .milliseconds(2))
    }

    private mutating func answer(_ call: APICall) -> Exchange.Answer {
        switch call {
        case .readNode, .patchNode: object(next(nodes).map { .node($0) })
        case .listPods, .listSelectedPods: .success(code: 200, .pods(PodList(resourceVersion: "7", items: pods)))
        case .listBudgets: .success(code: 200, .budgets(ObjectList(resourceVersion: "7", items: budgets)))
        case .readWorkload, .restartRollout: object(next(workloads).map { .workload($0) })
        case .listLeases: .success(code: 200, .leases(leases))
        case .createLease, .replaceLease: object(next(leases).map { .lease($0) })
        case .listVolumeAttachments: .success(code: 200, .volumeAttachments(attachments))
        case .mayEvict: .success(code: 201, .allowed(turn % 2 == 0))
        case .readPod: object(next(pods).map { .pod($0) })
        case .evict, .deletePod:
            turn % 3 == 0
                ? .success(code: 201, .other) : next(statuses).map { .refusal($0) } ?? .success(code: 201, .other)
        case .setNodeConditions, .createEvent, .repeatEvent, .deleteLease, .readDaemonSet, .whoAmI, .version:
            object(.other)
        }
    }

    private mutating func object(_ object: APIObject?) -> Exchange.Answer {
        if let object { return .success(code: 200, object) }
        return .refusal(next(statuses) ?? Status(code: 404, reason: "NotFound"))
    }

    /// What a watch says before it falls silent.
    private mutating func signals(_ topic: WatchRequest.Topic) -> [WatchSignal] {
        turn += 1
        if turn % 7 == 6 { return [.ended(.error, detail: "cut", status: nil)] }
        let objects: [WatchedObject] =
            switch topic {
            case .pods: pods.reversed().map { .pod($0) }
            case .node: nodes.map { .node($0) }
            case .budgets: budgets.map { .budget($0) }
            }
        let last = turn % 3
        return [.opened] + objects.enumerated().map { .event($0 % 3 == last ? .deleted($1) : .modified($1)) }
    }
}
