import DrainEngine
import Timestamps

/// The node's waits for its turn in the fleet: one at a time, and another after a turn was lost.
struct TurnWaits {
    /// One that is over.
    struct Ended: Equatable {
        var number: Int
        var since: Timestamp
        /// Who had their turn when it was last told.
        var holders: [String]
        /// Why the turn before was lost.
        var lossReason: String?
        /// `held`, `abandoned` or `drain.interrupted`.
        var outcome: String
        var lease: String?
    }

    private var open: Ended?
    private var count = 0

    /// The wait that has ended by it, if it has.
    mutating func changed(to standing: FleetTurn.Standing, at now: Timestamp) -> Ended? {
        switch standing {
        case .waiting(_, let holders):
            begin(at: now)
            open?.holders = holders
            return nil
        case .lost(let reason):
            begin(at: now)
            open?.lossReason = reason
            return nil
        case .held(let lease):
            open?.lease = lease
            return end("held")
        }
    }

    mutating func end(_ outcome: String) -> Ended? {
        defer { open = nil }
        open?.outcome = outcome
        return open
    }

    private mutating func begin(at now: Timestamp) {
        guard open == nil else { return }
        count += 1
        open = Ended(number: count, since: now, holders: [], outcome: "")
    }
}
