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
        /// It is terminating already, or gone since the list.
        case leaving
        /// It stays by the rules of the drain.
        case left(ExclusionReason)
        /// The API server could not say.
        case unknown(reason: String)
    }

    public struct PodEntry: Sendable, Equatable {
        public var pod: PodIdentity
        public var tier: PodTier
        public var outlook: PodOutlook
        /// What the dry-run eviction was answered; `nil`: it was not asked for.
        public var answer: EvictionAnswer?
        /// The server's words, where it did not just accept.
        public var message: String
        /// Why a drain with these flags touches nothing at all.
        public var refusals: [DrainPlan.Refusal.Cause] = []
    }

    public struct BudgetEntry: Sendable, Equatable {
        public var budget: BudgetKey
        public var verdict: BudgetVerdict
        public var advice: String
        /// Evictions it allows right now.
        public var allowed: Int
        /// Pods of the node it guards.
        public var pods: Int
        /// How often it must allow before all of them are gone; `nil`: never, or nobody may read the budget.
        public var rounds: Int?
    }

    public var node: String
    /// Nothing new is scheduled to the node already.
    public var isUnschedulable = false
    /// In the drain's order; those that stay come last.
    public var pods: [PodEntry]
    /// Those that guard pods of the node.
    public var budgets: [BudgetEntry]
    /// What could not be found out, and what that means for the rest; a sentence each.
    public var notes: [String] = []

    /// Nothing stands in the way for ever, and the API server could say so of every pod.
    public var canComplete: Bool {
        pods.allSatisfy { entry in
            switch entry.outlook {
            case .never, .unknown: false
            case .now, .blocked, .leaving, .left: entry.refusals.isEmpty
            }
        }
    }

    /// Those that never go, and why.
    public var nevers: [(pod: PodIdentity, reason: String)] {
        pods.compactMap { entry in
            guard case .never(let reason) = entry.outlook else { return nil }
            return (entry.pod, reason)
        }
    }

    /// `shop/web-0, shop/web-1 and 3 more can never go: reason`, a reason each; `nil`: nothing stands in the way for
    /// ever.
    public var neverText: String? {
        var groups: [(reason: String, pods: [String])] = []
        for (pod, reason) in nevers {
            if let index = groups.firstIndex(where: { $0.reason == reason }) {
                groups[index].pods.append("\(pod)")
            } else {
                groups.append((reason, ["\(pod)"]))
            }
        }
        guard !groups.isEmpty else { return nil }
        return groups.map { "\(Self.enumeration($0.pods)) can never go: \($0.reason)" }.joined(separator: "; ")
    }

    private static func enumeration(_ names: [String]) -> String {
        guard names.count > 3 else { return names.joined(separator: ", ") }
        return names.prefix(3).joined(separator: ", ") + " and \(names.count - 3) more"
    }
}
