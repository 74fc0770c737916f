import KubernetesAPI
import SeededRandom
import Timestamps

/// A node's turn in the fleet: one of N Leases, held from before the cordon until the node is back.
///
/// A pure machine with at most one request under way: what is due is sent, and what an answer means is decided here.
public struct FleetTurn: Sendable {
    public enum Standing: Sendable, Equatable {
        /// So many are before us; the names of the nodes that have their turn now.
        case waiting(place: Int, holders: [String])
        case held(lease: String)
        /// Nothing new is begun until it is held again.
        case lost(reason: String)
    }

    struct Step {
        var requests: [DrainRequest] = []
        var facts: [DrainEvent.Fact] = []
        /// It can never be had: why.
        var failure: String?
    }

    private enum Goal { case turn, leaving(releases: Bool) }

    /// What a request is for.
    private enum Move {
        case list
        /// A slot: ours from now on, or for longer.
        case take(Lease)
        /// Our place in the line: from now on, or for longer.
        case ticket(Lease)
        /// A ticket that is no longer needed: ours, or a dead one's.
        case bury(Lease)
        case inspect(slot: String, holder: String)
        case release(Lease)
    }

    private static let pollInterval = Duration.seconds(5)
    private static let renewal = Duration.seconds(20)
    private static let longestBackoff = Duration.seconds(10)

    private let fleet: DrainPolicy.Fleet
    private let node: String
    private let backoff: Backoff
    private var random: SplitMix64
    private var goal: Goal?
    private var view: FleetView
    private(set) var standing: Standing?

    /// As we wrote it last; `nil`: we have none.
    private var slot: Lease?
    /// When the request that renewed it last was sent.
    private var renewed: Timestamp?
    private var ticket: Lease?
    private var listDue: Timestamp?
    private var renewDue: Timestamp?
    private var ticketDue: Timestamp?

    /// What follows from the last list, in this order.
    private var moves: [Move] = []
    /// Whether to go or to wait is yet to be decided, once the moves are made.
    private var isUndecided = false
    private var inFlight: (number: Int, move: Move)?
    private var lastNumber = 0
    private var notBefore: Timestamp?
    private var failures = 0
    private var conflicts = 0
    /// Which kind of request is forbidden, and since when.
    private var forbidden: (method: String, since: Timestamp)?
    private var hasHeld = false

    init(node: String, fleet: DrainPolicy.Fleet, backoff: Backoff, random: SplitMix64) {
        self.node = node
        self.fleet = fleet
        self.backoff = Backoff(base: backoff.base, cap: min(backoff.cap, Self.longestBackoff))
        self.random = random
        view = FleetView(node: node, fleet: fleet)
    }

    /// A slot that has expired meanwhile is held no longer, even before that is said.
    func isHeld(at now: Timestamp) -> Bool { slot != nil && expiry.map { now < $0 } ?? true }

    /// It has had to wait: what was known of the node before is old.
    private(set) var hasWaited = false

    /// Nothing of ours is left to be given back, or the answer to it is on its way.
    var hasLeft: Bool {
        guard case .leaving(let releases)? = goal else { return false }
        return inFlight == nil && ticket == nil && (slot == nil || !releases)
    }

    mutating func seek(at now: Timestamp) {
        goal = .turn
        listDue = now
    }

    /// The drain ends. `releases`: and the node needs its turn no longer.
    mutating func leave(releases: Bool) {
        goal = .leaving(releases: releases)
        moves = []
        isUndecided = false
        notBefore = nil
    }

    var nextWake: Timestamp? {
        guard let goal else { return nil }
        guard inFlight == nil else { return expiry }
        let due: Timestamp? =
            switch goal {
            case .leaving: hasLeft ? nil : notBefore ?? .init(nanoseconds: .min)
            case .turn where !moves.isEmpty: notBefore ?? .init(nanoseconds: .min)
            case .turn where slot != nil: later(ticket == nil ? renewDue : nil)
            case .turn: later([listDue, ticket == nil ? nil : ticketDue].compactMap { $0 }.min())
            }
        return [due, expiry].compactMap { $0 }.min()
    }

    /// When a slot that is not renewed is ours no longer.
    private var expiry: Timestamp? {
        guard slot != nil, case .turn? = goal else { return nil }
        return renewed.map { $0 + fleet.ttl }
    }

    private func later(_ due: Timestamp?) -> Timestamp {
        max(due ?? .init(nanoseconds: .min), notBefore ?? .init(nanoseconds: .min))
    }

    /// Whatever is due.
    mutating func proceed(at now: Timestamp) -> Step {
        var step = Step()
        guard goal != nil else { return step }
        if let expiry, expiry <= now {
            lose("it could not be renewed for \(GoDuration.format(fleet.ttl))", at: now, into: &step)
        }
        guard inFlight == nil, notBefore.map({ $0 <= now }) ?? true else { return step }
        if moves.isEmpty { moves = due(at: now) }
        guard !moves.isEmpty else { return step }
        lastNumber += 1
        let move = moves.removeFirst()
        inFlight = (lastNumber, move)
        step.requests.append(DrainRequest(purpose: .turn(lastNumber), call: call(for: move)))
        return step
    }

    private func due(at now: Timestamp) -> [Move] {
        func isDue(_ moment: Timestamp?) -> Bool { moment.map { $0 <= now } ?? true }
        switch goal {
        case nil: return []
        case .turn:
            if let slot {
                if isDue(renewDue) { return [.take(taking(slot.metadata.name, over: slot, at: now))] }
                return ticket.map { [.bury($0)] } ?? []
            }
            if let ticket, isDue(ticketDue) { return [.ticket(queueing(over: ticket, at: now))] }
            return isDue(listDue) ? [.list] : []
        case .leaving(let releases):
            if let slot, releases { return [.release(FleetLease.emptied(slot, at: now))] }
            return ticket.map { [.bury($0)] } ?? []
        }
    }

    private func call(for move: Move) -> APICall {
        switch move {
        case .list: .listLeases(namespace: fleet.namespace)
        case .take(let lease), .ticket(let lease):
            lease.metadata.resourceVersion.isEmpty ? .createLease(lease) : .replaceLease(lease)
        case .bury(let lease): .deleteLease(lease)
        case .inspect(_, let holder): .readNode(holder)
        case .release(let lease): .replaceLease(lease)
        }
    }

    private func taking(_ name: String, over old: Lease?, at now: Timestamp) -> Lease {
        FleetLease.taking(name, in: fleet.namespace, over: old, holder: node, life: fleet.ttl, at: now)
    }

    private func queueing(over old: Lease?, at now: Timestamp) -> Lease {
        FleetLease.taking(
            FleetLease.ticket(node), in: fleet.namespace, over: old, holder: node, life: FleetLease.ticketLife, at: now)
    }
}

// MARK: - Answers

extension FleetTurn {
    /// A stale answer changes nothing.
    mutating func answered(_ number: Int, _ exchange: Exchange, at now: Timestamp) -> Step {
        var step = Step()
        guard let flight = inFlight, flight.number == number else { return step }
        inFlight = nil
        switch exchange.answer {
        case .success(_, let object):
            failures = 0
            if forbidden?.method == call(for: flight.move).shape.method { forbidden = nil }
            succeeded(flight.move, object, sent: exchange.sent, at: now, into: &step)
        case .refusal(let status):
            refused(flight.move, status, retryAfter: exchange.retryAfter, at: now, into: &step)
        case .failure:
            failed(exchange.answer.refusalText, retryAfter: nil, at: now, into: &step)
        }
        if case .turn? = goal, isUndecided, moves.isEmpty, slot == nil { decide(at: now, into: &step) }
        return step
    }

    private mutating func succeeded(
        _ move: Move, _ object: APIObject, sent: Timestamp, at now: Timestamp, into step: inout Step
    ) {
        switch move {
        case .list:
            guard case .leases(let leases) = object else { return }
            view.listed(leases, at: now)
            reconsider(at: now, into: &step)
        case .take(let lease):
            conflicts = 0
            slot = if case .lease(let written) = object { written } else { lease }
            renewed = sent
            renewDue = now + jittered(min(Self.renewal, fleet.ttl / 3))
            moves = []
            isUndecided = false
            hasHeld = true
            stand(.held(lease: lease.metadata.name), into: &step)
        case .ticket(let lease):
            ticket = if case .lease(let written) = object { written } else { lease }
            ticketDue = now + jittered(Self.renewal)
        case .bury(let lease): if lease.metadata.name == ticket?.metadata.name { ticket = nil }
        case .inspect(let slot, _):
            guard case .node(let holder) = object else { return }
            view.inspected(slot, isAbandoned: holder.isReady && !holder.spec.unschedulable, at: now)
        case .release: slot = nil
        }
    }

    private mutating func refused(
        _ move: Move, _ status: Status, retryAfter: Duration?, at now: Timestamp, into step: inout Step
    ) {
        switch (move, status.code) {
        case (.take, 409), (.ticket, 409): outrun(at: now)
        case (.take(let lease), 404) where !lease.metadata.resourceVersion.isEmpty,
            (.ticket(let lease), 404) where !lease.metadata.resourceVersion.isEmpty:
            // Deleted meanwhile. A new one that is not found has no namespace.
            outrun(at: now)
        case (.bury(let lease), 403), (.bury(let lease), 404), (.bury(let lease), 409):
            // Whatever stands in the way of it: it dies of itself.
            if lease.metadata.name == ticket?.metadata.name { ticket = nil }
        case (.inspect(let slot, _), 404): view.inspected(slot, isAbandoned: true, at: now)
        case (.inspect(let slot, _), 403): view.inspected(slot, isAbandoned: false, at: now)
        case (.release, 404), (.release, 409): slot = nil
        default:
            failed("\(status.message) (\(status.code))", retryAfter: retryAfter, at: now, into: &step)
            if isFinal(status, of: move, at: now) {
                step.failure =
                    "cannot take a turn in the fleet: needs list, create, update and delete of "
                    + "leases.coordination.k8s.io in namespace \(fleet.namespace): \(status.message) (\(status.code))"
            }
        }
    }

    /// Somebody was quicker: a look at how it stands, but not all at once, nor for ever at this pace.
    private mutating func outrun(at now: Timestamp) {
        ticket = nil
        isUndecided = false
        moves = [.list]
        notBefore = now + Backoff(cap: Self.pollInterval).delay(step: conflicts, using: &random)
        conflicts += 1
    }

    /// Nothing to wait for: but a server that has just started refuses wrongly, and a turn that was had is waited for.
    private mutating func isFinal(_ status: Status, of move: Move, at now: Timestamp) -> Bool {
        guard !hasHeld, case .turn? = goal else { return false }
        switch status.code {
        case 401, 403:
            let method = call(for: move).shape.method
            guard let known = forbidden, known.method == method else {
                forbidden = (method, now)
                return false
            }
            return now - known.since >= .seconds(2)
        case 408, 409, 410, 425, 429, 500...: return false
        default: return true
        }
    }

    private mutating func failed(
        _ message: String, retryAfter: Duration?, at now: Timestamp, into step: inout Step
    ) {
        let delay = max(backoff.delay(step: failures, using: &random), retryAfter ?? .zero, .milliseconds(100))
        failures += 1
        notBefore = now + delay
        moves = []
        isUndecided = false
        listDue = now
        step.facts.append(.requestFailed(.lease, message: message, retryIn: delay))
    }

    /// After a list: is the slot still ours, or again? Who is to be looked at, and who is to be forgotten?
    private mutating func reconsider(at now: Timestamp, into step: inout Step) {
        guard case .turn? = goal else { return }
        ticket = view.lease(FleetLease.ticket(node))
        let place = view.place
        listDue = now + jittered(min(Self.pollInterval + .seconds(place), FleetView.longestGap))
        if let held = slot, view.lease(held.metadata.name)?.spec.holderIdentity != node {
            let other = view.lease(held.metadata.name)?.spec.holderIdentity ?? ""
            lose(other.isEmpty ? "\(held.metadata.name) was taken away" : "\(other) has it", at: now, into: &step)
        }
        if let own = view.own {
            moves = [.take(taking(own.metadata.name, over: own, at: now))]
            return
        }
        moves = place == 0 ? view.deadTickets.prefix(10).map { .bury($0) } : []
        if place < fleet.parallel {
            moves += view.suspects(at: now).map { .inspect(slot: $0.slot, holder: $0.holder) }
        }
        isUndecided = true
    }

    /// As many go as there are free slots, in the order in which they came.
    private mutating func decide(at now: Timestamp, into step: inout Step) {
        isUndecided = false
        let (place, free) = (view.place, view.free)
        guard place < free.count else {
            hasWaited = true
            if case .lost? = standing {} else { stand(.waiting(place: place, holders: view.holders), into: &step) }
            if ticket == nil { moves = [.ticket(queueing(over: nil, at: now))] }
            return
        }
        moves = [.take(taking(free[place], over: view.lease(free[place]), at: now))]
    }

    private mutating func lose(_ reason: String, at now: Timestamp, into step: inout Step) {
        slot = nil
        listDue = now
        moves = []
        stand(.lost(reason: reason), into: &step)
    }

    private mutating func stand(_ new: Standing, into step: inout Step) {
        guard new != standing else { return }
        standing = new
        step.facts.append(.turn(new))
    }

    /// A fifth more or less, so that a fleet does not ask in step.
    private mutating func jittered(_ interval: Duration) -> Duration {
        interval * Double.random(in: 0.8...1.2, using: &random)
    }
}
