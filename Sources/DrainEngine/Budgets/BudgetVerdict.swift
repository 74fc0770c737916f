public import KubernetesAPI
public import Timestamps

/// Which budget.
public struct BudgetKey: Sendable, Hashable, CustomStringConvertible {
    public var namespace: String
    public var name: String

    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    public init(_ budget: Budget) { self.init(namespace: budget.metadata.namespace, name: budget.metadata.name) }

    public var description: String { "\(namespace)/\(name)" }
}

/// Whether a budget that blocks can ever allow: the first that matches, kept current.
public enum BudgetVerdict: String, Sendable, CaseIterable {
    /// More healthy pods, or time, will do it.
    case waiting
    /// It wants as many healthy pods as there can ever be.
    case unsatisfiable
    /// The server cannot make sense of it, or of several of them on one pod.
    case misconfigured
    /// Fewer pods are healthy than it wants, for more than a minute.
    case unhealthy

    /// Only a person can end it.
    public var isForGood: Bool { self == .unsatisfiable || self == .misconfigured }
}

/// What is thought of a blocker now, and what a person can do about it. Told when it changes.
public struct Judgement: Sendable, Equatable {
    public var blocker: Blocker
    public var verdict: BudgetVerdict
    /// Which number of which object to change; empty while waiting will do.
    public var advice: String
    /// Its first refusal in this drain.
    public var since: Timestamp
    /// As the budget's status last said; `nil` while nobody could read it.
    public var status: BudgetStatus?

    public init(
        blocker: Blocker, verdict: BudgetVerdict, advice: String = "", since: Timestamp, status: BudgetStatus? = nil
    ) {
        self.blocker = blocker
        self.verdict = verdict
        self.advice = advice
        self.since = since
        self.status = status
    }
}
