import DrainEngine
import KubernetesAPI
import SeededRandom
import TestSupport
import Timestamps

/// A drain in a world that a seed has thrown together: budgets, webhooks, outages, slow answers, pods that come and go.
struct RandomWorld {
    /// How the API answers evictions of one pod.
    private enum Temper {
        case willing
        case blocked(until: Timestamp, by: Status)
        case forbidden
        case rejected
    }

    let drain: ScriptedDrain
    let policy: DrainPolicy
    private var random: SplitMix64

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        policy = Self.policy(&random)
        let pods = Self.pods(&random)
        let cluster = ScriptedCluster(node: "node-a", pods: pods, unschedulable: Self.chance(10, &random))
        drain = ScriptedDrain(
            policy, cluster: cluster, seed: seed, deadline: .seconds(Int.random(in: 20...900, using: &random)))
        self.random = random
        answers(pods)
        lifetimes()
        happenings(pods)
    }

    private static func chance(_ percent: Int, _ random: inout SplitMix64) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private static func policy(_ random: inout SplitMix64) -> DrainPolicy {
        var policy = DrainPolicy(node: "node-a")
        policy.concurrency = Int.random(in: 1...5, using: &random)
        policy.maxTerminating = chance(70, &random) ? 0 : Int.random(in: 1...3, using: &random)
        policy.maxRetries = Int.random(in: 0...4, using: &random)
        policy.followsArrivals = chance(30, &random)
        policy.deletesWithoutEviction = chance(10, &random)
        policy.skipTerminatingAfter = chance(20, &random) ? .seconds(10) : nil
        policy.startupTimeout = chance(50, &random) ? .seconds(30) : nil
        policy.ownPod = chance(50, &random) ? .last : .leave
        if chance(50, &random) { policy.selfPod = PodIdentity(namespace: "demo", name: "p0", uid: "p0-uid") }
        if chance(10, &random) { policy.dryRun = chance(50, &random) ? .server : .client }
        return policy
    }

    private static func pods(_ random: inout SplitMix64) -> [Pod] {
        (0..<Int.random(in: 0...12, using: &random)).map { number in
            let owner: OwnerReference? =
                chance(20, &random) ? .daemonSet("set-\(number)") : OwnerReference(kind: "ReplicaSet", name: "web")
            return .stub(
                "p\(number)", owner: owner,
                annotations: chance(5, &random) ? [Pod.mirrorAnnotation: "x"] : [:],
                deletion: chance(8, &random)
                    ? ScriptedDrain.epoch + .seconds(Int.random(in: -60...60, using: &random)) : nil,
                phase: chance(5, &random) ? "Succeeded" : "Running")
        }
    }

    private mutating func tempers(_ pods: [Pod]) -> [String: Temper] {
        var tempers: [String: Temper] = [:]
        for pod in pods {
            let until = ScriptedDrain.epoch + .seconds(Int.random(in: 0...400, using: &random))
            let isForEver = Self.chance(20, &random)
            let noes: [Status] = [
                .budget("web"), .budget("db"), .webhook("kv"), .severalBudgets, .namespaceTerminating,
            ]
            let no = noes.randomElement(using: &random) ?? .budget("web")
            tempers[pod.metadata.name] =
                switch Int.random(in: 0..<100, using: &random) {
                case ..<60: .willing
                case ..<85: .blocked(until: isForEver ? .distantFuture : until, by: no)
                case ..<92: .forbidden
                default: .rejected
                }
        }
        return tempers
    }

    private mutating func answers(_ pods: [Pod]) {
        let tempers = tempers(pods)
        let outageStart = ScriptedDrain.epoch + .milliseconds(Int.random(in: 0...60_000, using: &random))
        let outageEnd = outageStart + .seconds(Self.chance(30, &random) ? Int.random(in: 1...200, using: &random) : 0)
        let trouble = Int.random(in: 0...40, using: &random)
        let orphans = Self.chance(50, &random)
        let reviews = Self.chance(50, &random)
        var random = random
        drain.script = { [unowned drain] call, now in
            let latency = Duration.milliseconds(
                Int.random(in: 1...Int.random(in: 2...3000, using: &random), using: &random))
            if outageStart..<outageEnd ~= now { return .init(.away, after: latency) }
            if Self.chance(trouble, &random) {
                let troubles: [ScriptedDrain.Reply] = [
                    .init(.serverError, after: latency), .init(.away, after: latency),
                    .init(.throttled, retryAfter: .seconds(Int.random(in: 0...32, using: &random)), after: latency),
                    .init(Status(code: 401, message: "Unauthorized"), after: latency),
                    .init(Status(code: 403, message: "not yet ready to handle request"), after: latency),
                ]
                return troubles.randomElement(using: &random)
            }
            switch call {
            case .evict(let pod, _), .deletePod(let pod, _):
                if Self.chance(1, &random), Self.chance(30, &random) { return .init(.away, after: nil) }
                let no: Status? =
                    switch tempers[pod.name] ?? .willing {
                    case .willing: nil
                    case .blocked(let until, let status): now < until ? status : nil
                    case .forbidden: .forbidden
                    case .rejected: .badRequest
                    }
                if let no, drain.cluster.refusal(of: pod) == nil { return .init(no, after: latency) }
            case .readDaemonSet(_, let name) where orphans:
                return .init(.notFound("daemonsets", name), after: latency)
            case .mayEvict where reviews: return .init(.success(code: 201, .allowed(false)), after: latency)
            default: break
            }
            var reply = drain.reply(to: call)
            reply.latency = latency
            return reply
        }
        drain.brokenWatch = { _, now in
            if outageStart..<outageEnd ~= now { return .ended(.error, detail: "away", status: nil) }
            guard Self.chance(trouble, &random) else { return nil }
            let codes = [403, 410, 500]
            let code = codes.randomElement(using: &random) ?? 500
            return .ended(code == 410 ? .expired : .error, detail: "\(code)", status: Status(code: code))
        }
    }

    private mutating func lifetimes() {
        var random = random
        drain.termination = { _ in
            Self.chance(5, &random) ? nil : .milliseconds(Int.random(in: 0...90_000, using: &random))
        }
        drain.watchDelay = .milliseconds(Int.random(in: 0...2000, using: &random))
    }

    private mutating func happenings(_ pods: [Pod]) {
        for pod in pods where Self.chance(10, &random) {
            drain.at(.milliseconds(Int.random(in: 0...300_000, using: &random))) { $0.remove(pod.metadata.uid) }
        }
        for pod in pods where Self.chance(5, &random) {
            drain.at(.milliseconds(Int.random(in: 0...60_000, using: &random))) { $0.evict(pod.identity) }
        }
        for number in 0..<Int.random(in: 0...3, using: &random) {
            let isLate = Self.chance(50, &random)
            drain.at(.milliseconds(Int.random(in: 0...60_000, using: &random))) {
                $0.put(.stub("late\(number)", scheduled: isLate ? ScriptedDrain.epoch : $0.now))
            }
        }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            let reason = WatchRestart.allCases.randomElement(using: &random) ?? .closed
            drain.at(.milliseconds(Int.random(in: 0...100_000, using: &random))) { $0.endWatch(reason) }
        }
        if Self.chance(10, &random) {
            let uncordons = Self.chance(50, &random)
            drain.at(.milliseconds(Int.random(in: 0...60_000, using: &random))) {
                $0.tell(.cancel(uncordon: uncordons))
            }
        }
        if Self.chance(10, &random) {
            let deadline = ScriptedDrain.epoch + .seconds(Int.random(in: 0...900, using: &random))
            drain.at(.milliseconds(Int.random(in: 0...60_000, using: &random))) { $0.tell(.deadline(deadline)) }
        }
    }
}
