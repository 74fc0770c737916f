import KubernetesAPI
import Timestamps

/// What lies between the agents and the API server, and how it behaves.
struct Weather {
    /// What becomes of a request.
    enum Fate {
        /// It arrives after `up`, and its answer comes `down` after that.
        case served(up: Duration, down: Duration)
        /// No answer comes; `effect`: but it arrives all the same.
        case lost(after: Duration, TransportFailure.Kind, effect: Duration?)
        /// Somebody else answers, and the cluster never hears of it.
        case told(Exchange.Answer, retryAfter: Duration?, after: Duration, Mischief)
    }

    /// For a while the server is away, or worse.
    struct Outage {
        enum Kind: CaseIterable { case refused, silent, answersLost, errors, throttling, slow }
        var kind: Kind
        var from: Timestamp
        var until: Timestamp
    }

    /// Somebody who says not now to one pod.
    struct Denial {
        var pod: String
        var answer: Mischief
        var from: Timestamp
        var until: Timestamp
    }

    /// How a watch begins, and how it goes on.
    struct WatchFate {
        var refusal: Status?
        var opens: Duration
        /// From the server's change to the client, at least and at most.
        var lag: (Int, Int)
        /// It ends so after a while, or lives as long as it was asked to.
        var end: (after: Duration, WatchRestart, detail: String)?
        /// From then on nothing is heard of it.
        var fallsSilent: Duration?
        /// Its connection is accepted, and not even a head comes.
        var isUnanswered = false
    }

    static let clientTimeout = Duration.seconds(40)
    /// Without even a bookmark a watch is given up.
    static let idleLimit = Duration.seconds(90)

    var dice: Dice
    let calm: Timestamp
    /// Milliseconds there, and back.
    var latency = (1, 20)
    /// Of all requests, the share that something is wrong with.
    var trouble = 0.0
    /// Of all evictions, the share that somebody else answers.
    var answers = 0.0
    var watchTrouble = 0.0
    var watchLag = (1, 50)
    /// A cancelled eviction can still be on its way.
    var outages: [Outage] = []
    var denials: [Denial] = []
    /// A webhook leaves out of each change of a node that it is to be unschedulable; the rest is done.
    var dropsCordons: Range<Timestamp>?

    init(seed: UInt64, calm: Timestamp) {
        dice = Dice(seed)
        self.calm = calm
    }

    mutating func fate(of call: APICall, at now: Timestamp) -> Fate {
        let outage = outages.isEmpty ? nil : outages.first { $0.from <= now && now < $0.until }
        if let outage { return fate(of: call, in: outage.kind) }
        let (up, down) = (dice.time(latency.0, latency.1), dice.time(0, latency.1))
        let evicted: PodIdentity? =
            switch call {
            case .evict(let pod, _), .deletePod(let pod, _): pod
            default: nil
            }
        if let evicted, !denials.isEmpty,
            let denial = denials.first(where: { $0.pod == evicted.name && $0.from <= now && now < $0.until })
        {
            return told(denial.answer, evicted.name, after: up + down)
        }
        guard now < calm else { return .served(up: up, down: down) }
        if let evicted, answers > 0, dice.chance(answers) {
            return told(dice.pick(Mischief.ofEvictions), evicted.name, after: up + down)
        }
        guard trouble > 0, dice.chance(trouble) else { return .served(up: up, down: down) }
        return misfortune(call, up, down)
    }

    private mutating func misfortune(_ call: APICall, _ up: Duration, _ down: Duration) -> Fate {
        switch dice.int(0, 9) {
        case 0, 1: return .lost(after: up, dice.pick([.connect, .nameResolution, .tls]), effect: nil)
        case 2: return .lost(after: Self.clientTimeout, .timeout, effect: nil)
        case 3: return .lost(after: up + down, dice.pick([.reset, .malformed]), effect: up)
        case 4: return .lost(after: Self.clientTimeout, .timeout, effect: up)
        case 5: return .served(up: up, down: dice.skewed(100, 38_000))
        case 6:
            // Only an eviction names the very pod it is about: whatever else comes so late may do harm that nobody can help.
            guard case .evict = call else { return .served(up: dice.skewed(10, 5000), down: down) }
            return .lost(after: Self.clientTimeout, .timeout, effect: dice.time(1000, 60_000))
        default: return told(dice.pick(Mischief.everywhere), "", after: up + down)
        }
    }

    private mutating func fate(of call: APICall, in outage: Outage.Kind) -> Fate {
        let (up, down) = (dice.time(latency.0, latency.1), dice.time(0, latency.1))
        switch outage {
        case .refused: return .lost(after: up, .connect, effect: nil)
        case .silent: return .lost(after: Self.clientTimeout, .timeout, effect: nil)
        case .answersLost: return .lost(after: up + down, .reset, effect: up)
        case .errors: return told(dice.pick([.internalError, .unavailable, .notReady]), "", after: up + down)
        case .throttling: return told(dice.pick([.throttled, .throttledWithoutTime]), "", after: up + down)
        case .slow: return .served(up: up, down: dice.time(1000, 30_000))
        }
    }

    private mutating func told(_ mischief: Mischief, _ pod: String, after delay: Duration) -> Fate {
        let said = mischief.answer(pod: pod, &dice)
        return .told(said.answer, retryAfter: said.retryAfter, after: delay, mischief)
    }

    /// The request as the cluster gets it.
    func admitted(_ call: APICall, at now: Timestamp) -> APICall {
        guard let dropsCordons, dropsCordons.contains(now), case .patchNode(let node, var patch, let dryRun) = call,
            patch.unschedulable == true
        else { return call }
        patch.unschedulable = nil
        return .patchNode(node, patch, dryRun: dryRun)
    }

    mutating func watchFate(at now: Timestamp) -> WatchFate {
        var fate = WatchFate(opens: dice.time(latency.0, latency.1 * 2), lag: watchLag)
        if let outage = outages.first(where: { $0.from <= now && now < $0.until }) {
            fate.refusal =
                outage.kind == .slow || outage.kind == .answersLost
                ? nil : Status(code: outage.kind == .throttling ? 429 : 503, message: "service unavailable")
        }
        // A watch that lives when the server goes away dies with it, or is never heard of again.
        for outage in outages where outage.from > now {
            let left = outage.from - now
            if outage.kind == .silent { fate.fallsSilent = left } else { fate.end = (left, .error, "reset") }
            break
        }
        guard now < calm, watchTrouble > 0, dice.chance(watchTrouble) else { return fate }
        switch dice.int(0, 7) {
        case 0: fate.refusal = Status(code: 500, message: "etcdserver: leader changed")
        case 1: fate.refusal = Status(code: 410, reason: "Expired", message: "too old resource version")
        case 2: fate.fallsSilent = dice.skewed(0, 60_000)
        case 3: fate.end = (dice.skewed(0, 60_000), .closed, "closed")
        case 4: fate.end = (dice.skewed(0, 60_000), .error, "cut in the middle of a line")
        case 5: fate.isUnanswered = true
        case 6: fate.end = (dice.skewed(0, 60_000), .expired, "too old resource version")
        default: fate.lag = (fate.lag.0, dice.int(1000, 8000))
        }
        return fate
    }
}
