import KubernetesAPI
import SeededRandom
import Timestamps

/// Finds out what a drain would meet, and touches nothing: a dry-run eviction for each pod, the budgets of their
/// namespaces, and whom the budgets that block guard. Says what to ask, and keeps what was answered.
struct Survey {
    /// More namespaces than these, and the budgets of all are listed at once.
    static let namespacesLimit = 8
    /// No new request, and no second one, after so long: what is not known by then stays so.
    static let patience = Duration.seconds(30)

    let plan: DrainPlan
    let isUnschedulable: Bool
    /// In the drain's order; a pod's index here is its number in the requests.
    private(set) var probes: [PodProbe]
    private(set) var budgets: [Budget] = []
    private(set) var reviews: [BudgetKey: BudgetReview] = [:]
    /// What could not be read, and why.
    private(set) var notes: [String] = []
    /// Lists and reads without an answer, in the order they are to be sent.
    private var errands: [(number: Int, about: RequestPurpose, errand: Errand)] = []
    private var lastNumber = 0
    private var hasBegunReviews = false
    private var denied: Set<String> = []
    private var pausedUntil: Timestamp
    private let until: Timestamp

    init(_ plan: DrainPlan, isUnschedulable: Bool, policy: DrainPolicy, at now: Timestamp) {
        self.plan = plan
        self.isUnschedulable = isUnschedulable
        pausedUntil = now
        until = now + Self.patience
        probes = plan.targets.map { PodProbe($0, at: now) }
        guard !policy.deletesWithoutEviction else { return }
        let guardable = plan.targets.filter { !$0.isTerminating && !$0.isFinished }
        let namespaces = Set(guardable.map(\.metadata.namespace)).sorted()
        let scopes: [String?] = namespaces.count > Self.namespacesLimit ? [nil] : namespaces
        ask(
            scopes.map { DrainRequest(purpose: .budgets(namespace: $0), call: .listBudgets(namespace: $0, .cache())) },
            at: now)
    }

    /// Everything is known that will be; `false` also when only now the last questions have become clear.
    mutating func isDone(at now: Timestamp) -> Bool {
        if now >= until { return true }
        guard errands.isEmpty, probes.allSatisfy(\.isAnswered) else { return false }
        if !hasBegunReviews { beginReviews(at: now) }
        return errands.isEmpty
    }

    /// When to come back, if no answer comes before.
    func nextWake(policy: DrainPolicy) -> Timestamp {
        guard inFlight < policy.concurrency else { return until }
        let due = (errands.compactMap(\.errand.nextWake) + probes.compactMap(\.due)).min()
        return min(due.map { max($0, pausedUntil) } ?? until, until)
    }

    /// What to send now, within the slots there are.
    mutating func requests(policy: DrainPolicy, at now: Timestamp) -> [DrainRequest] {
        guard now >= pausedUntil, now < until else { return [] }
        var free = policy.concurrency - inFlight
        var requests: [DrainRequest] = []
        for index in errands.indices where free > 0 && errands[index].errand.sends(at: now) {
            requests.append(DrainRequest(purpose: .surveyRead(errands[index].number), call: errands[index].errand.call))
            free -= 1
        }
        for index in probes.indices where free > 0 && probes[index].sends(at: now) {
            requests.append(DrainRequest(purpose: .survey(pod: index), call: Self.call(probes[index].pod, policy)))
            free -= 1
        }
        return requests
    }

    private var inFlight: Int { errands.count { $0.errand.isInFlight } + probes.count(where: \.isInFlight) }

    /// What has been sent.
    var unanswered: [RequestPurpose] {
        errands.filter(\.errand.isInFlight).map { .surveyRead($0.number) }
            + probes.indices.filter { probes[$0].isInFlight }.map { .survey(pod: $0) }
    }

    private static func call(_ pod: Pod, _ policy: DrainPolicy) -> APICall {
        let options = DeleteOptions(gracePeriodSeconds: policy.gracePeriodSeconds, dryRun: true)
        return policy.deletesWithoutEviction ? .deletePod(pod.identity, options) : .evict(pod.identity, options)
    }
}

// MARK: - Answers

extension Survey {
    /// What there is to tell about the answer to a pod's dry-run eviction.
    mutating func probed(
        _ index: Int, _ exchange: Exchange, policy: DrainPolicy, random: inout SplitMix64, at now: Timestamp
    ) -> DrainEvent.Fact? {
        let namespace = probes[index].pod.metadata.namespace
        let reply = EvictionReply(exchange.answer, namespace: namespace)
        let isSecond = probes[index].reply?.answer == .forbidden && reply.answer == .forbidden
        if isSecond { denied.insert(namespace) }
        probes[index].answered(
            reply, retryAfter: exchange.retryAfter, at: now, policy: policy, isDenied: denied.contains(namespace),
            random: &random)
        guard reply.answer == .throttled, let pause = exchange.retryAfter else { return nil }
        pausedUntil = max(pausedUntil, now + pause)
        return .throttled(for: pause)
    }

    /// The answer to a list of budgets, or to what a review asked.
    mutating func read(
        _ number: Int, _ exchange: Exchange, policy: DrainPolicy, random: inout SplitMix64, at now: Timestamp
    ) -> DrainEvent.Fact? {
        guard let index = errands.firstIndex(where: { $0.number == number }) else { return nil }
        let operation = errands[index].errand.call.operation
        switch errands[index].errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .again(let delay, let message):
            return .requestFailed(operation, message: message, retryIn: delay)
        case .done, .refused, .hopeless:
            settle(errands.remove(at: index).about, exchange, at: now)
            return nil
        }
    }

    private mutating func settle(_ purpose: RequestPurpose, _ exchange: Exchange, at now: Timestamp) {
        switch purpose {
        case .budgets(let namespace):
            if case .success(_, .budgets(let list)) = exchange.answer {
                budgets += list.items
            } else {
                noteUnread(namespace, exchange.answer.refusalText)
            }
        case .budgetPods(let key): ask(reviews[key]?.podsListed(exchange) ?? [], at: now)
        case .budgetOwner(let key, let owner): ask(reviews[key]?.ownerRead(owner, exchange) ?? [], at: now)
        case .readNode, .plan, .cordon, .verify, .refresh, .uncordon, .daemonSet, .evict, .reviewAccess, .refreshNode,
            .recordon, .record, .unblock, .deleteAtDeadline, .volumes, .survey, .surveyRead,
            .turn:
            break
        }
    }

    private mutating func noteUnread(_ namespace: String?, _ reason: String) {
        let whose = namespace.map { "namespace \($0)" } ?? "all namespaces"
        notes.append(
            "the disruption budgets of \(whose) could not be read, and are known by their refusals only: more pods may "
                + "have to wait than it seems (\(reason))")
    }

    private mutating func ask(_ requests: [DrainRequest], at now: Timestamp) {
        for request in requests {
            lastNumber += 1
            errands.append((lastNumber, request.purpose, Errand(request.call, at: now)))
        }
    }

    /// Only whom the budgets guard that make somebody wait is asked.
    private mutating func beginReviews(at now: Timestamp) {
        hasBegunReviews = true
        for account in outlooks(spent: [:], at: now).accounts where account.waiting > 0 {
            guard let budget = account.budget else { continue }
            var review = BudgetReview(account.key)
            let requests = review.begin(budget)
            reviews[account.key] = review
            ask(requests, at: now)
        }
    }
}
