import KubernetesAPI
import SeededRandom
import Timestamps

/// The watches on budgets: one a namespace with blocked pods, one for all above a few namespaces.
struct BudgetFeeds {
    static let namespacesLimit = 8

    private let policy: DrainPolicy
    private var random: SplitMix64
    private var feeds: [String: ObjectFeed] = [:]
    /// The one for all; once begun it stays.
    private var common: ObjectFeed?
    /// Whether anybody was told that a feed does not work.
    private var reported: Set<String?> = []

    init(policy: DrainPolicy, random: SplitMix64) {
        self.policy = policy
        self.random = random
    }

    mutating func need(_ namespace: String) {
        guard common == nil, feeds[namespace].map({ $0.state == .off }) ?? true else { return }
        guard feeds.values.count(where: { $0.state != .off }) < Self.namespacesLimit else {
            feeds = [:]
            common = begun(nil)
            return
        }
        if feeds[namespace]?.startListing() == nil { feeds[namespace] = begun(namespace) }
    }

    /// It is kept, for what it has asked for may still be answered, and its watches must not be taken for later ones.
    mutating func drop(_ namespace: String) { feeds[namespace]?.stop() }

    /// One watch for all namespaces.
    var isCommon: Bool { common != nil }

    /// What the watch for all has told before is wanted, too.
    mutating func relistCommon() { common?.relist() }

    var isEmpty: Bool { feeds.isEmpty && common == nil }

    func isLive(_ namespace: String) -> Bool { (common ?? feeds[namespace])?.isLive ?? false }

    var wantedWatches: [WantedWatch] { all.compactMap(\.wantedWatch) }

    var nextWake: Timestamp? { all.compactMap(\.nextWake).min() }

    /// Whether a signal on this topic is one of a watch that runs.
    func expects(_ topic: WatchRequest.Topic, generation: Int) -> Bool {
        all.contains { $0.topic == topic && $0.generation == generation }
    }

    mutating func tick(at now: Timestamp) {
        common?.tick(at: now)
        for namespace in feeds.keys { feeds[namespace]?.tick(at: now) }
    }

    /// Whether an answer to a list of that namespace is waited for.
    func awaitsList(_ namespace: String?) -> Bool {
        (namespace.map { feeds[$0] } ?? common)?.state == .listing(inFlight: true)
    }

    /// Lists to send now.
    mutating func wantedLists() -> [DrainRequest] {
        var requests: [DrainRequest] = []
        for namespace in [nil] + feeds.keys.sorted().map(Optional.some) {
            var source: ListSource?
            change(namespace) { feed in
                source = feed.wantedList()
                return []
            }
            guard let source else { continue }
            requests.append(
                DrainRequest(purpose: .budgets(namespace: namespace), call: .listBudgets(namespace: namespace, source)))
        }
        return requests
    }

    /// What a signal tells of a budget, and whether it is there.
    mutating func received(
        _ namespace: String?, _ event: WatchEvent<WatchedObject>
    ) -> (budget: Budget, isPresent: Bool)? {
        var seen: (object: WatchedObject, isPresent: Bool)?
        change(namespace) { feed in
            seen = feed.received(event)
            return []
        }
        guard let seen, case .budget(let budget) = seen.object else { return nil }
        return (budget, seen.isPresent)
    }

    mutating func opened(_ namespace: String?, at now: Timestamp) -> [DrainEvent.Fact] {
        change(namespace) { $0.watchOpened(at: now) }
    }

    mutating func ended(
        _ namespace: String?, _ reason: WatchRestart, detail: String, status: Status?, at now: Timestamp
    ) -> [DrainEvent.Fact] {
        change(namespace) { $0.watchEnded(reason, detail: detail, status: status, at: now) }
    }

    mutating func listed(_ namespace: String?, version: String, at now: Timestamp) -> [DrainEvent.Fact] {
        change(namespace) { feed in
            feed.listed(version: version, at: now)
            return []
        }
    }

    mutating func listFailed(_ namespace: String?, _ exchange: Exchange, at now: Timestamp) -> [DrainEvent.Fact] {
        let message = exchange.answer.refusalText
        var delay: Duration?
        var facts = change(namespace) { feed in
            delay = feed.listFailed(retryAfter: exchange.retryAfter, at: now)
            return []
        }
        guard let delay else { return facts }
        if reported.insert(namespace).inserted {
            facts.append(.budgetWatchChanged(namespace: namespace, isLive: false, reason: message))
        }
        return facts + [.requestFailed(.list, message: message, retryIn: delay)]
    }

    private var all: [ObjectFeed] { (common.map { [$0] } ?? []) + feeds.sorted { $0.key < $1.key }.map(\.value) }

    private mutating func begun(_ namespace: String?) -> ObjectFeed {
        var feed = ObjectFeed(
            .budgets(namespace: namespace), policy: policy, interval: policy.listInterval,
            random: SplitMix64(seed: random.next()))
        feed.startListing()
        return feed
    }

    /// Passes on what the feed says, in this one's words where it speaks of itself.
    @discardableResult
    private mutating func change(
        _ namespace: String?, _ body: (inout ObjectFeed) -> [DrainEvent.Fact]
    ) -> [DrainEvent.Fact] {
        var facts: [DrainEvent.Fact] = []
        var isLive = false
        if let namespace {
            guard var feed = feeds[namespace] else { return [] }
            facts = body(&feed)
            isLive = feed.isLive
            feeds[namespace] = feed
        } else {
            guard var feed = common else { return [] }
            facts = body(&feed)
            isLive = feed.isLive
            common = feed
        }
        facts = facts.compactMap { fact in
            guard case .pollingChanged(let isPolling, let reason) = fact else { return fact }
            guard isPolling, reported.insert(namespace).inserted else { return nil }
            return .budgetWatchChanged(namespace: namespace, isLive: false, reason: reason)
        }
        if isLive, reported.remove(namespace) != nil {
            facts.append(.budgetWatchChanged(namespace: namespace, isLive: true, reason: "the watch works again"))
        }
        return facts
    }
}
