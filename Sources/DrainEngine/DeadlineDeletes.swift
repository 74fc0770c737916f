import KubernetesAPI
import SeededRandom
import Timestamps

/// What is left at the deadline is deleted past its budgets (`--at-deadline delete`).
struct DeadlineDeletes {
    /// Requests in flight: there is no time to be gentle.
    static let concurrency = 50

    enum Reply: Equatable {
        case deleted
        /// It has gone by itself, or is another pod.
        case gone
        case again
        case refused(String)
    }

    private struct Entry {
        var grace: Int64
        var errand: Errand
        var problem = "no answer in time"
    }

    private var left: [Int: Entry] = [:]
    private var done: Set<Int> = []
    private(set) var deleted = 0
    private(set) var refused = 0

    /// A delete asks for whole seconds, and zero would mean that the kubelet is not waited for.
    static func grace(own: Int64, hardEnd: Timestamp?, at now: Timestamp) -> Int64 {
        let seconds = hardEnd.map { ($0 - now).components.seconds } ?? own
        return max(1, min(own, seconds))
    }

    /// A pod that is to go; once.
    mutating func add(_ index: Int, _ pod: PodIdentity, grace: Int64, at now: Timestamp) {
        guard left[index] == nil, !done.contains(index) else { return }
        left[index] = Entry(
            grace: grace, errand: Errand(.deletePod(pod, DeleteOptions(gracePeriodSeconds: grace)), at: now))
    }

    var isDone: Bool { left.isEmpty }

    private var inFlight: Int { left.values.count(where: \.errand.isInFlight) }

    /// Without a free slot nothing is due: the next answer frees one.
    var nextWake: Timestamp? {
        inFlight < Self.concurrency ? left.values.compactMap(\.errand.nextWake).min() : nil
    }

    /// What is to be sent now.
    mutating func sendDue(at now: Timestamp) -> [DrainRequest] {
        var free = Self.concurrency - inFlight
        var requests: [DrainRequest] = []
        for index in left.keys.sorted() where free > 0 {
            guard left[index]?.errand.sends(at: now) == true, let call = left[index]?.errand.call else { continue }
            requests.append(DrainRequest(purpose: .deleteAtDeadline(pod: index), call: call))
            free -= 1
        }
        return requests
    }

    /// What an answer means, and the grace that was asked for.
    mutating func answered(
        _ index: Int, in namespace: String, _ exchange: Exchange, at now: Timestamp, policy: DrainPolicy,
        random: inout SplitMix64
    ) -> (reply: Reply, grace: Int64)? {
        guard var entry = left[index] else { return nil }
        switch EvictionReply(exchange.answer, namespace: namespace).answer {
        case .gone, .replaced:
            close(index)
            return (.gone, entry.grace)
        case .accepted, .budget, .severalBudgets, .deferred, .throttled, .namespaceTerminating, .unauthorized,
            .forbidden, .rejected, .serverError, .unreachable:
            break
        }
        switch entry.errand.answered(exchange, at: now, policy: policy, random: &random) {
        case .done:
            close(index)
            deleted += 1
            return (.deleted, entry.grace)
        case .again(_, let message):
            entry.problem = message
            left[index] = entry
            return (.again, entry.grace)
        case .refused(let status):
            close(index)
            refused += 1
            return (.refused(status.message), entry.grace)
        case .hopeless(let failure):
            close(index)
            refused += 1
            return (.refused(failure.message), entry.grace)
        }
    }

    /// There is no more time: what was asked for and not granted, and why.
    mutating func giveUp() -> [(index: Int, grace: Int64, problem: String)] {
        let rest = left.keys.sorted().compactMap { index in
            left[index].map { (index: index, grace: $0.grace, problem: $0.problem) }
        }
        refused += rest.count
        for entry in rest { close(entry.index) }
        return rest
    }

    /// `2 were deleted past their budgets, 1 could not be`; `nil`: there was nothing to delete.
    var summary: String? {
        guard deleted + refused > 0 else { return nil }
        let were = deleted == 1 ? "1 was deleted past its budget" : "\(deleted) were deleted past their budgets"
        return refused == 0 ? were : "\(were), \(refused) could not be"
    }

    private mutating func close(_ index: Int) {
        left[index] = nil
        done.insert(index)
    }
}
