public import Timestamps

/// What happened to one node in one drain, restarts of the agent included.
public struct DrainStory: Sendable {
    public enum Ending: Sendable, Equatable {
        /// With an outcome.
        case ended(String)
        /// The process ended before the drain, and could say so.
        case interrupted
        /// The file ends before the drain does.
        case cutOff
    }

    /// From the start of a process to its end, or to the last that it wrote.
    public struct Run: Sendable, Equatable {
        public var start: Timestamp
        public var end: Timestamp
    }

    /// A wait for the node's turn in the fleet.
    public struct Turn: Sendable, Equatable {
        public var start: Timestamp
        public var end: Timestamp
        public var holders: [String]
        public var outcome: String
    }

    public struct Counts: Sendable, Equatable {
        public var total = 0
        public var evicted = 0
        public var vanished = 0
        public var failed = 0
        public var remaining = 0
        /// `nil`: the file does not say.
        public var excluded: Int?
    }

    /// What was done about the drain, or to it.
    public struct Happening: Sendable, Equatable {
        public var at: Timestamp
        public var text: String
    }

    public var node: String
    public var traceID: String
    /// `nil`, like the next ones, where the file ends before it is said.
    public var id: String?
    public var trigger: String?
    public var deadline: Timestamp?
    public var dryRun: String?
    public var isResumed: Bool
    public var ending: Ending
    public var reason: String
    public var start: Timestamp
    public var end: Timestamp
    public var counts: Counts
    public var runs: [Run]
    public var turns: [Turn]
    public var happenings: [Happening]
    /// In the order of their starts.
    public var pods: [PodStory]

    public var seconds: Double { (end - start).inSeconds }

    /// A word for how it ended.
    public var outcome: String {
        switch ending {
        case .ended(let outcome): outcome
        case .interrupted: "interrupted"
        case .cutOff: "cut off"
        }
    }

    /// Seconds that the node waited for its turn.
    public var turnSeconds: Double { turns.reduce(0) { $0 + ($1.end - $1.start).inSeconds } }
}
