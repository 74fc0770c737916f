import KubernetesAPI
import SeededRandom
import Timestamps

/// One pod's dry-run eviction, asked again until it has an answer that says something about the pod.
struct PodProbe {
    private enum State {
        case waiting(until: Timestamp)
        case inFlight
        case answered
    }

    static let maxTries = 4

    let pod: Pod
    private(set) var reply: EvictionReply?
    private var state: State
    private var tries = 0

    init(_ pod: Pod, at now: Timestamp) {
        self.pod = pod
        // What terminates already is not evicted, so there is nothing to ask.
        state = pod.isTerminating ? .answered : .waiting(until: now)
    }

    var isInFlight: Bool { if case .inFlight = state { true } else { false } }
    var isAnswered: Bool { if case .answered = state { true } else { false } }
    var due: Timestamp? { if case .waiting(let due) = state { due } else { nil } }

    /// Whether to ask now; marks it as asked.
    mutating func sends(at now: Timestamp) -> Bool {
        guard let due, due <= now else { return false }
        state = .inFlight
        tries += 1
        return true
    }

    /// `isDenied`: another pod of its namespace has been forbidden more than once.
    mutating func answered(
        _ reply: EvictionReply, retryAfter: Duration?, at now: Timestamp, policy: DrainPolicy, isDenied: Bool,
        random: inout SplitMix64
    ) {
        let least: Duration
        self.reply = reply
        state = .answered
        switch reply.answer {
        case .accepted, .budget, .severalBudgets, .deferred, .gone, .replaced, .namespaceTerminating: return
        case .forbidden:
            // A server that has just started says it wrongly for a moment.
            guard !isDenied, tries < 2 else { return }
            least = .seconds(1)
        case .rejected:
            guard tries < 2 else { return }
            least = .zero
        case .throttled:
            // Its own fault: it may say so for as long as there is time.
            tries -= 1
            least = .milliseconds(100)
        case .unauthorized, .serverError, .unreachable:
            guard tries < Self.maxTries else { return }
            least = .zero
        }
        let delay = policy.backoff.delay(step: tries, using: &random)
        state = .waiting(until: now + max(delay, max(least, retryAfter ?? .zero)))
    }
}
