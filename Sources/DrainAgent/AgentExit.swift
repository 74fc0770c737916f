import DrainEngine

/// What the process says to whoever started it; documented in README.md.
enum AgentExit {
    static let completed: Int32 = 0
    /// It could not start, or not list.
    static let failed: Int32 = 1
    static let incomplete: Int32 = 3
    static let timedOut: Int32 = 4
    static let cancelled: Int32 = 5

    static func code(_ outcome: DrainOutcome) -> Int32 {
        switch outcome {
        case .completed: completed
        case .incomplete: incomplete
        case .timedOut: timedOut
        case .cancelled: cancelled
        case .failed: failed
        }
    }
}
