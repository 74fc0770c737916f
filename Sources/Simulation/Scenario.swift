import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

/// Everything that a seed decides: a cluster, the drains of its nodes, and what goes wrong.
struct Scenario {
    static let start = Timestamp(seconds: 1_800_000_000)
    static let node = "node-a"
    static let fleetNamespace = "kube-system"

    let seed: UInt64
    /// Only so many workloads; for a smaller failure.
    let podLimit: Int
    private(set) var features: Set<Feature> = []
    var model: ClusterModel
    var agents: [AgentPlan] = []
    var weather: Weather
    /// From then on nothing goes wrong by itself.
    let calm: Timestamp
    /// 0 … 1: how much of what can happen does.
    let wildness: Double
    /// Pods of the drained node, as they were built: namespace, name.
    var residents: [(namespace: String, name: String)] = []
    var workloads: [(namespace: String, name: String)] = []
    var budgets: [(namespace: String, name: String)] = []

    init(seed: UInt64, without: Set<Feature> = [], podLimit: Int = .max) {
        self.seed = seed
        self.podLimit = podLimit
        var dice = Dice(seed)
        wildness = dice.pick([0, 0, 0.15, 0.15, 0.15, 0.4, 0.4, 0.4, 1])
        let share = [0: 0.06, 0.15: 0.15, 0.4: 0.35][wildness] ?? 0.7
        for feature in Feature.allCases {
            let likely = feature == .budgets || feature == .record || feature == .kubelets ? 0.3 : 0
            let rare = feature == .fleet || feature == .dryRun || feature == .access ? 0.4 : 1
            if dice.chance(min(0.9, (share + likely) * rare)), !without.contains(feature) { features.insert(feature) }
        }
        calm = Self.start + .seconds(dice.int(20, wildness < 0.2 ? 90 : 300))
        model = ClusterModel(seed: dice.word(), at: Self.start - .seconds(90), watchLog: 400)
        weather = Weather(seed: dice.word(), calm: calm)
        buildCluster()
        model.advance(to: Self.start)
        tellAgents()
        drawWeather()
        drawHappenings()
    }

    func has(_ feature: Feature) -> Bool { features.contains(feature) }

    func dice(_ feature: Feature) -> Dice { Dice(seed, feature) }
}

/// One agent: what it is told, and what happens to it.
struct AgentPlan {
    var policy: DrainPolicy
    var start: DrainStart
    var begins: Timestamp
    var seed: UInt64
    var happenings: [Happening] = []
    /// A crashed agent that finds no record of its drain is told to begin again.
    var isToldAgain = true
}

/// Something that happens to an agent.
struct Happening {
    enum Trigger {
        case at(Timestamp)
        /// When it has handled so many inputs.
        case atStep(Int)
        /// So long after a request of this kind was sent.
        case onRequest(RequestKind, Duration)
    }

    enum Deed {
        case cancel(uncordon: Bool)
        case deadline(Timestamp?, hardEnd: Timestamp?)
        /// Down for so long.
        case crash(Duration)
        /// Stands still for so long; what comes meanwhile waits.
        case pause(Duration)
    }

    var trigger: Trigger
    var deed: Deed
}

/// A request's kind: its purpose without whom it is about.
enum RequestKind: Int, CaseIterable {
    case readNode, plan, cordon, verify, refresh, uncordon, daemonSet, evict, reviewAccess, refreshNode, recordon,
        record
    case budgets, budgetPods, budgetOwner, unblock, deleteAtDeadline, volumes, survey
    case surveyRead, turn

    init(_ purpose: RequestPurpose) {
        switch purpose {
        case .readNode: self = .readNode
        case .plan: self = .plan
        case .cordon: self = .cordon
        case .verify: self = .verify
        case .refresh: self = .refresh
        case .uncordon: self = .uncordon
        case .daemonSet: self = .daemonSet
        case .evict: self = .evict
        case .reviewAccess: self = .reviewAccess
        case .refreshNode: self = .refreshNode
        case .recordon: self = .recordon
        case .record: self = .record
        case .budgets: self = .budgets
        case .budgetPods: self = .budgetPods
        case .budgetOwner: self = .budgetOwner
        case .unblock: self = .unblock
        case .deleteAtDeadline: self = .deleteAtDeadline
        case .volumes: self = .volumes
        case .survey: self = .survey
        case .surveyRead: self = .surveyRead
        case .turn: self = .turn
        }
    }
}
