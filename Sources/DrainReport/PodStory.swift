public import DrainEngine
public import Timestamps

/// What happened to one pod.
public struct PodStory: Sendable {
    /// A time in one phase, as its attempts, waits and termination show it.
    public struct Stretch: Sendable, Equatable {
        public var phase: PodPhase
        public var start: Timestamp
        public var end: Timestamp
        /// Who blocked it, or with what answer it was refused; empty: neither.
        public var cause = ""

        var seconds: Double { (end - start).inSeconds }
    }

    /// A wait for a budget or a webhook.
    public struct Wait: Sendable, Equatable {
        public var blocker: String
        public var start: Timestamp
        public var end: Timestamp
        public var outcome: String
        public var verdict: String
        public var advice: String
        public var refusals: Int
        public var message: String

        var seconds: Double { (end - start).inSeconds }
    }

    public struct Termination: Sendable, Equatable {
        public var start: Timestamp
        public var end: Timestamp
        /// Seconds.
        public var grace: Int
        public var overdueSeconds: Double
        public var finalizers: [String]
        public var detail: String
    }

    public struct Attempt: Sendable, Equatable {
        public var start: Timestamp
        public var end: Timestamp
        public var answer: String
        public var message: String
    }

    public var namespace = ""
    public var name = ""
    public var uid = ""
    public var tier = ""
    public var start: Timestamp
    public var end: Timestamp
    /// What became of it; `nil`: nothing, within the drain or within the file.
    public var result: String?
    /// Where it was when the drain ended before it had gone.
    public var lastPhase: String?
    /// Its own span is there: its seconds are those that the agent counted.
    public var isWhole = false
    public var seconds: [PodPhase: Double] = [:]
    public var attempts = 0
    public var retries = 0
    public var answers: [String: Int] = [:]
    public var waits: [Wait] = []
    public var terminations: [Termination] = []
    public var stretches: [Stretch] = []
    /// Why it was not gone in time.
    public var stuck: String?
    public var isDeletedAtDeadline = false
    /// Why it failed.
    public var message = ""

    public var title: String {
        if name.isEmpty { return uid.isEmpty ? "a pod" : "pod \(uid)" }
        return namespace.isEmpty ? name : "\(namespace)/\(name)"
    }

    var lifetime: Double { (end - start).inSeconds }

    /// What became of it, or where it was.
    public var fate: String { result ?? lastPhase ?? stretches.last?.phase.rawValue ?? "unknown" }
}
