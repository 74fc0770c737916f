public import DrainEngine
internal import Timestamps

/// What became of an unblock, as the metric has it.
enum UnblockResult: String, CaseIterable, Sendable { case restarted, refused, failed }

/// What the API server made of a delete at the deadline.
enum DeletionResult: String, CaseIterable, Sendable { case accepted, failed }

/// Where a node stands in its fleet.
enum TurnWord: String, CaseIterable, Sendable { case waiting, held, lost }

extension UnblockStep.Result {
    var word: UnblockResult {
        switch self {
        case .restarted: .restarted
        case .refused: .refused
        case .failed: .failed
        }
    }

    /// Why the owner was not restarted; `nil`: it was.
    var reason: String? {
        switch self {
        case .restarted: nil
        case .refused(let reason), .failed(let reason): reason
        }
    }
}

extension DeadlineDeletion {
    var result: DeletionResult { problem.isEmpty ? .accepted : .failed }
}

extension FleetTurn.Standing {
    var word: TurnWord {
        switch self {
        case .waiting: .waiting
        case .held: .held
        case .lost: .lost
        }
    }
}

extension StuckTermination {
    /// For people.
    public var text: String {
        let cause =
            switch reason {
            case .nodeNotReady: "the node is not ready"
            case .containersRunning: "containers still run"
            case .finalizers: "finalizers are left"
            case .volumeAttached: "volumes are still attached"
            case .unknown: "it is not known why"
            }
        return "should be gone since \(overdueSince.rfc3339()): \(cause)" + (detail.isEmpty ? "" : " (\(detail))")
    }
}
