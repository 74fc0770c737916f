import DrainEngine
import DrainTelemetry
import KubernetesAPI
import Timestamps

/// What people are shown of a drain, wherever it runs.
struct DrainView: Equatable, Sendable {
    struct Blocker: Equatable, Sendable {
        /// `budget shop/web`
        var name: String
        var verdict: BudgetVerdict
        var pods: Int
        var since: Timestamp
        /// `5 of 6 healthy, needs 5, allows 0`; empty: not known.
        var health = ""
        var advice = ""
        var message = ""
    }

    struct Stuck: Equatable, Sendable {
        var pod: String
        /// `should be gone since …`
        var text: String
    }

    var node: String
    var state = DrainState.idle
    var isDry = false
    var counts: [PodPhase: Int] = [:]
    var started: Timestamp?
    var ended: Timestamp?
    var deadline: Timestamp?
    var overrun: Projection.Overrun?
    /// What it waits for before it may begin, or go on.
    var turn = ""
    var blockers: [Blocker] = []
    var stuck: [Stuck] = []
    var volumes: [String] = []
    var lastError = ""
    var outcome: DrainOutcome?
    var reason = ""

    init(node: String) { self.node = node }

    /// As a clock has it that is so much before the one that it was told by.
    func moved(by difference: Duration) -> DrainView {
        var view = self
        view.started = started.map { $0 + difference }
        view.ended = ended.map { $0 + difference }
        view.deadline = deadline.map { $0 + difference }
        for index in blockers.indices { view.blockers[index].since = blockers[index].since + difference }
        return view
    }

    var total: Int { counts.values.reduce(0, +) }
}

extension DrainView {
    init(_ status: DrainStatus) {
        node = status.node
        state = status.state
        isDry = (status.policy?.dryRun ?? .none) != .none
        for pod in status.pods {
            counts[pod.phase, default: 0] += 1
            if let stuck = pod.stuck { self.stuck.append(Stuck(pod: "\(pod.pod)", text: stuck.text)) }
        }
        started = status.startedAt
        if status.summary != nil { ended = status.stateSince }
        deadline = status.deadline
        overrun = status.overrun
        turn = Self.text(status.turn)
        blockers = status.blockers.map { state in
            Blocker(
                name: "\(state.blocker)", verdict: state.verdict, pods: state.pods.count, since: state.since,
                health: (state.judgement?.status).map {
                    Self.health(
                        $0.currentHealthy, of: $0.expectedPods, needs: $0.desiredHealthy, allows: $0.disruptionsAllowed)
                } ?? "", advice: state.judgement?.advice ?? "", message: state.message)
        }
        volumes = status.volumesAttached
        lastError = status.lastError ?? ""
        outcome = status.summary?.outcome
        reason = status.summary?.reason ?? ""
    }

    static func health(
        _ current: some BinaryInteger, of expected: some BinaryInteger, needs: some BinaryInteger,
        allows: some BinaryInteger
    ) -> String {
        "\(current) of \(expected) healthy, needs \(needs), allows \(allows)"
    }

    private static func text(_ standing: FleetTurn.Standing?) -> String {
        switch standing {
        case nil, .held: ""
        case .waiting(let before, let holders): waiting(place: before + 1, holders)
        case .lost(let reason): "has lost its turn: \(reason)"
        }
    }

    static func waiting(place: Int, _ holders: [String]) -> String {
        "waits for its turn, place \(place)" + (holders.isEmpty ? "" : ", behind \(holders.joined(separator: ", "))")
    }
}

extension BudgetVerdict {
    /// For people, after the blocker's name.
    var text: String {
        switch self {
        case .waiting: "can allow again"
        case .unsatisfiable: "can never allow"
        case .misconfigured: "makes no sense to the API server"
        case .unhealthy: "waits for pods to become healthy"
        }
    }
}
