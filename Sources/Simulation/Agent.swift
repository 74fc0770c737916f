import DrainEngine
import KubernetesAPI
import Timestamps

/// One agent at work on its node: a machine, its watches, and who keeps the books on it.
final class Agent {
    enum Condition { case unborn, running, down, over }

    let number: Int
    let plan: AgentPlan
    var condition = Condition.unborn
    var machine: NodeDrain
    var witness: Witness
    /// Grows with each process.
    var incarnation = 0
    var watches: [Watch] = []
    /// What has come while it stood still.
    var inbox: [DrainInput] = []
    var pausedUntil: Timestamp?
    var wake: Timestamp?
    var wanted: [WantedWatch] = []
    /// What still may happen to it.
    var happenings: [Happening]
    var steps = 0
    /// Ticks since anything else happened, and the moment of the last.
    var idleTicks = (count: 0, at: Timestamp(nanoseconds: 0))
    var summary: DrainSummary?
    /// Requests of this process without an answer.
    var unanswered = 0

    init(_ plan: AgentPlan, number: Int, witness: Witness) {
        self.plan = plan
        self.number = number
        self.witness = witness
        machine = NodeDrain(policy: plan.policy, seed: plan.seed)
        happenings = plan.happenings
    }

    func step(_ input: DrainInput, at now: Timestamp) -> DrainStep {
        Self.step(&machine, input, at: now, &wake, &wanted)
    }

    /// In place: the machine is large, and a copy of it for each question would cost as much as its answer.
    private static func step(
        _ machine: inout NodeDrain, _ input: DrainInput, at now: Timestamp, _ wake: inout Timestamp?,
        _ wanted: inout [WantedWatch]
    ) -> DrainStep {
        let step = machine.handle(input, at: now)
        wake = machine.nextWake
        wanted = machine.wantedWatches
        return step
    }

    /// One watch, as the API server sees it.
    final class Watch {
        let topic: WatchRequest.Topic
        let generation: Int
        var revision: Int
        var isOpen = false
        /// Nothing more comes of it but its end.
        var isSilent = false
        var hasEnded = false
        /// When the last signal comes: they come in order.
        var last: Timestamp
        var lag: (Int, Int)
        /// What it has told.
        var told: [WatchEvent<WatchedObject>] = []

        init(_ wanted: WantedWatch, at now: Timestamp, lag: (Int, Int)) {
            topic = wanted.request.topic
            generation = wanted.generation
            revision = Int(wanted.request.resourceVersion) ?? 0
            last = now
            self.lag = lag
        }
    }
}
