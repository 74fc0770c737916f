public import KubernetesAPI

/// What a drain would meet: made from server-side dry-run evictions and the budgets, before anything is touched.
public struct Forecast: Sendable, Equatable {
    public enum PodOutlook: Sendable, Equatable {
        /// Its eviction would be accepted now.
        case now
        /// Somebody makes it wait, but will allow it; `round`: in which round of its budget it goes, from 1, where that can
        /// be told.
        case blocked(by: Blocker, round: Int?)
        /// As things stand it never goes.
        case never(reason: String)
        /// It is terminating already.
        case leaving
        /// It stays by the rules of the drain.
        case left(ExclusionReason)
    }

    public struct PodEntry: Sendable, Equatable {
        public var pod: PodIdentity
        public var tier: PodTier
        public var outlook: PodOutlook
        /// What the dry-run eviction was answered; `nil`: it was not asked for.
        public var answer: EvictionAnswer?
        public var message: String
    }

    public struct BudgetEntry: Sendable, Equatable {
        public var budget: BudgetKey
        public var verdict: BudgetVerdict
        public var advice: String
        /// Evictions it allows right now.
        public var allowed: Int
        /// Pods of the node it guards.
        public var pods: Int
        /// How often it must allow before all of them are gone; `nil`: never.
        public var rounds: Int?
    }

    public var node: String
    public var pods: [PodEntry]
    public var budgets: [BudgetEntry]

    /// Nothing stands in the way for ever.
    public var canComplete: Bool {
        !pods.contains { if case .never = $0.outlook { true } else { false } }
    }
}
