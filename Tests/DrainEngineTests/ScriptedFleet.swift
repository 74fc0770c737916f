import ClusterModel
import KubernetesAPI
import SeededRandom
import Timestamps

@testable import DrainEngine

/// Several nodes that take turns, in one cluster, in a time of their own; each has a clock that is wrong in its way.
final class ScriptedFleet {
    struct Member {
        var turn: FleetTurn
        /// How far its clock is ahead.
        var skew = Duration.zero
        var isAlive = true
        /// The API server cannot be reached.
        var isCutOff = false
        /// What its turn has been, in order.
        var standings: [FleetTurn.Standing] = []
        var failure: String?
        var requests = 0
    }

    private enum Entry {
        case answer(member: String, life: Int, number: Int, Exchange.Answer, Duration?, sent: Timestamp)
        case action((ScriptedFleet) -> Void)
    }

    static let epoch = Timestamp(seconds: 1_800_000_000)
    static let namespace = "fleet"

    private(set) var now = ScriptedFleet.epoch
    private(set) var members: [String: Member] = [:]
    var model: ClusterModel
    /// Who had its turn, in the order of getting it.
    private(set) var order: [String] = []
    /// The most that had it at a time, by their own account.
    private(set) var mostAtOnce = 0
    /// It asks to be woken at once, and does nothing then.
    private(set) var isSpinning = false
    let fleet: DrainPolicy.Fleet

    private var agenda: [(at: Timestamp, entry: Entry)] = []
    private var lives: [String: Int] = [:]
    private var random: SplitMix64

    init(
        parallel: Int, ttl: Duration = .seconds(1800), nodes: [String], namespace: String = ScriptedFleet.namespace,
        seed: UInt64 = 1
    ) {
        fleet = DrainPolicy.Fleet(parallel: parallel, namespace: namespace, ttl: ttl)
        model = ClusterModel(seed: seed, at: Self.epoch, timing: .instant)
        random = SplitMix64(seed: seed)
        model.addNamespace(Self.namespace)
        for node in nodes { model.addNode(node) }
    }

    func at(_ offset: Duration, _ action: @escaping (ScriptedFleet) -> Void) {
        schedule(.action(action), at: Self.epoch + offset)
    }

    /// A node asks for its turn, as new: what an earlier life of it knew is forgotten.
    func join(_ name: String, skew: Duration = .zero) {
        let seed = SplitMix64(seed: random.next())
        var member = Member(turn: FleetTurn(node: name, fleet: fleet, backoff: Backoff(), random: seed), skew: skew)
        member.turn.seek(at: now + skew)
        members[name] = member
        lives[name, default: 0] += 1
        proceed(name)
    }

    /// As kill -9 does: nothing is given back.
    func kill(_ name: String) { members[name]?.isAlive = false }

    func leave(_ name: String, releases: Bool) {
        members[name]?.turn.leave(releases: releases)
        proceed(name)
    }

    func cutOff(_ name: String, _ isCutOff: Bool) { members[name]?.isCutOff = isCutOff }

    func cordon(_ name: String, _ value: Bool) { model.perform(.setUnschedulable(node: name, value)) }

    func holds(_ name: String) -> Bool {
        members[name].map { $0.isAlive && $0.turn.isHeld(at: now + $0.skew) } ?? false
    }

    func standing(_ name: String) -> FleetTurn.Standing? { members[name]?.turn.standing }

    var leases: [String: String] {
        Dictionary(uniqueKeysWithValues: all.map { ($0.metadata.name, $0.spec.holderIdentity) })
    }

    func lease(_ name: String) -> Lease? { all.first { $0.metadata.name == name } }

    private var all: [Lease] {
        let answer = model.exchange(.listLeases(namespace: Self.namespace), at: now).answer
        guard case .success(_, .leases(let leases)) = answer else { return [] }
        return leases
    }

    func run(for limit: Duration) {
        let end = Self.epoch + limit
        while !isSpinning {
            let wakes = members.values.filter(\.isAlive).compactMap { member in
                member.turn.nextWake.map { max($0, now + member.skew) - member.skew }
            }
            let entry = agenda.first?.at
            guard let next = (wakes + [entry].compactMap { $0 }).min(), next <= end else { break }
            now = max(now, next)
            if entry == next {
                perform(agenda.removeFirst().entry)
            } else {
                for name in members.keys.sorted() { proceed(name) }
            }
        }
        now = max(now, end)
    }

    private func schedule(_ entry: Entry, at time: Timestamp) {
        let index = agenda.firstIndex { $0.at > time } ?? agenda.endIndex
        agenda.insert((time, entry), at: index)
    }

    private func perform(_ entry: Entry) {
        switch entry {
        case .action(let action): action(self)
        case .answer(let name, let life, let number, let answer, let retryAfter, let sent):
            guard lives[name] == life, var member = members[name], member.isAlive else { return }
            let exchange = Exchange(answer: answer, retryAfter: retryAfter, sent: sent, received: now + member.skew)
            let step = member.turn.answered(number, exchange, at: now + member.skew)
            members[name] = member
            follow(step, name)
            proceed(name)
        }
    }

    private func proceed(_ name: String) {
        guard var member = members[name], member.isAlive else { return }
        let step = member.turn.proceed(at: now + member.skew)
        if let wake = member.turn.nextWake, wake <= now + member.skew { isSpinning = true }
        members[name] = member
        follow(step, name)
    }

    private func follow(_ step: FleetTurn.Step, _ name: String) {
        guard let member = members[name] else { return }
        for case .turn(let standing) in step.facts {
            members[name]?.standings.append(standing)
            if case .held = standing { order.append(name) }
        }
        if let failure = step.failure { members[name]?.failure = failure }
        mostAtOnce = max(mostAtOnce, members.keys.count(where: holds))
        for request in step.requests {
            guard case .turn(let number) = request.purpose else { continue }
            members[name]?.requests += 1
            let sent = now + member.skew
            let delay = Duration.milliseconds(Int64.random(in: 5...50, using: &random))
            let answer: Exchange.Answer =
                member.isCutOff
                ? .failure(TransportFailure(.connect, "away")) : model.exchange(request.call, at: now).answer
            schedule(
                .answer(
                    member: name, life: lives[name, default: 0], number: number, answer, nil, sent: sent),
                at: now + delay)
        }
    }
}
