import KubernetesAPI
import Timestamps

// The node's turn in the fleet: waited for before anything is touched, kept while it is drained.
extension NodeDrain {
    /// Whether something new may be begun: the node has its turn, or needs none.
    var mayEvict: Bool { turn?.isHeld(at: latest) ?? true }

    var turnWake: Timestamp? {
        switch stage {
        case .idle, .ending, .uncordoning, .ended: nil
        case .readingNode, .awaitingTurn, .listing, .checkingOwners, .surveying, .cordoning, .draining, .verifying,
            .detaching, .closing:
            turn?.nextWake
        }
    }

    mutating func awaitTurn(at now: Timestamp, into step: inout DrainStep) {
        stage = .awaitingTurn
        turn?.seek(at: now)
    }

    mutating func proceedWithTurn(at now: Timestamp, into step: inout DrainStep) {
        switch stage {
        case .idle, .ending, .uncordoning, .ended: return
        // It ends now: nobody would hear the answer.
        case .closing(_, let ending) where ending.until <= now: return
        case .readingNode, .awaitingTurn, .listing, .checkingOwners, .surveying, .cordoning, .draining, .verifying,
            .detaching, .closing:
            if let change = turn?.proceed(at: now) { follow(change, at: now, into: &step) }
        }
    }

    mutating func turnAnswered(_ number: Int, _ exchange: Exchange, at now: Timestamp, into step: inout DrainStep) {
        if let change = turn?.answered(number, exchange, at: now) { follow(change, at: now, into: &step) }
    }

    private mutating func follow(_ change: FleetTurn.Step, at now: Timestamp, into step: inout DrainStep) {
        tell(change.facts, at: now, into: &step)
        for request in change.requests { send(request.purpose, request.call, into: &step) }
        guard case .awaitingTurn = stage else { return }
        if let failure = change.failure { return end(.failed, failure, at: now, into: &step) }
        if mayEvict { return turnCame(at: now, into: &step) }
        guard let turn, turn.hasWaited, state != .waiting else { return }
        enter(.waiting, at: now, into: &step)
        recordRequest(at: now, into: &step)
    }

    /// A node that had to wait is not what it was: somebody may have cordoned it meanwhile.
    private mutating func turnCame(at now: Timestamp, into step: inout DrainStep) {
        enter(.cordoning, at: now, into: &step)
        patienceBegan = now
        guard turn?.hasWaited == true else { return startListing(at: now) }
        stage = .readingNode(Errand(.readNode(policy.node), at: now))
    }

    /// For the summary of one that waited in vain.
    var turnNeverCame: String {
        guard case .waiting(let place, let holders)? = turn?.standing, !holders.isEmpty else {
            return "the deadline passed before the node's turn came"
        }
        return "the deadline passed before the node's turn came (\(place) before it; "
            + "\(holders.joined(separator: ", ")) had \(holders.count == 1 ? "its" : "their") turn)"
    }
}
