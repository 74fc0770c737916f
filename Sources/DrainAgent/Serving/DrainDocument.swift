import DrainEngine
import DrainTelemetry
import FoundationEssentials
import Timestamps

/// GET /drain's body, as much of it as people are shown. Words that this version does not know are passed over.
struct DrainDocument: Decodable, Sendable {
    struct Blocker: Decodable, Sendable {
        var pdb: String?
        var webhook: String?
        var since: Timestamp
        var blockedPods: Int
        var verdict: String
        var advice: String?
        var allowed: Int?
        var currentHealthy: Int?
        var desiredHealthy: Int?
        var expectedPods: Int?
        var message: String?
    }

    struct Stuck: Decodable, Sendable {
        var reason: String
        var detail: String?
        var overdueSince: Timestamp
    }

    struct Pod: Decodable, Sendable {
        var namespace: String
        var name: String
        var uid: String
        var phase: String
        var since: Timestamp
        var attempts: Int
        var pdb: String?
        var webhook: String?
        var message: String?
        var stuck: Stuck?
    }

    struct Turn: Decodable, Sendable {
        var standing: String
        var place: Int?
        var holders: [String]?
        var reason: String?
    }

    /// Seconds, or a word.
    enum Overrun: Decodable, Sendable {
        case seconds(Double)
        case never

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            // The only word there is says never.
            self = (try? container.decode(Double.self)).map { .seconds($0) } ?? .never
        }
    }

    var node: String
    var state: String
    var stateSince: Timestamp?
    var dryRun: String?
    var started: Timestamp?
    var deadline: Timestamp?
    var outcome: String?
    var reason: String?
    var turn: Turn?
    var projectedOverrunSeconds: Overrun?
    var counts: [String: Int]
    var blockers: [Blocker]
    /// Not in what is told while it changes.
    var pods: [Pod]?
    var volumesAttached: [String]?
    var lastError: String?

    static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return decoder
    }()
}

extension DrainDocument.Stuck {
    var termination: StuckTermination {
        StuckTermination(
            reason: StuckTermination.Reason(rawValue: reason) ?? .unknown, detail: detail ?? "",
            overdueSince: overdueSince)
    }
}

extension DrainView {
    init(_ document: DrainDocument) {
        self.init(node: document.node)
        state = DrainState(rawValue: document.state) ?? .idle
        isDry = (document.dryRun ?? "none") != "none"
        for (word, count) in document.counts {
            if let phase = PodPhase(rawValue: word) { counts[phase] = count }
        }
        started = document.started
        outcome = document.outcome.flatMap(DrainOutcome.init(rawValue:))
        if outcome != nil { ended = document.stateSince }
        reason = document.reason ?? ""
        deadline = document.deadline
        overrun =
            switch document.projectedOverrunSeconds {
            case nil: nil
            case .seconds(let seconds): .by(.seconds(seconds))
            case .never: .never
            }
        turn = Self.text(document.turn)
        blockers = document.blockers.map(Blocker.init)
        stuck = (document.pods ?? []).compactMap { pod in
            pod.stuck.map { Stuck(pod: "\(pod.namespace)/\(pod.name)", text: $0.termination.text) }
        }
        volumes = document.volumesAttached ?? []
        lastError = document.lastError ?? ""
    }

    private static func text(_ turn: DrainDocument.Turn?) -> String {
        guard let turn else { return "" }
        if let place = turn.place { return waiting(place: place, turn.holders ?? []) }
        return turn.reason.map { "has lost its turn: \($0)" } ?? ""
    }
}

extension DrainView.Blocker {
    init(_ blocker: DrainDocument.Blocker) {
        name = blocker.pdb.map { "budget \($0)" } ?? "webhook \(blocker.webhook ?? "")"
        verdict = BudgetVerdict(rawValue: blocker.verdict) ?? .waiting
        pods = blocker.blockedPods
        since = blocker.since
        advice = blocker.advice ?? ""
        message = blocker.message ?? ""
        if let current = blocker.currentHealthy, let expected = blocker.expectedPods,
            let desired = blocker.desiredHealthy, let allowed = blocker.allowed
        {
            health = DrainView.health(current, of: expected, needs: desired, allows: allowed)
        }
    }
}
