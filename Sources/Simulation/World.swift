import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

/// One seed's scenario, played to its end under virtual time.
final class World {
    enum Item {
        case begin(Int)
        /// A request comes to the API server; its answer, where one comes, takes `down`.
        case arrival(Int, incarnation: Int, DrainRequest, sent: Timestamp, down: Duration?)
        case answer(Int, incarnation: Int, RequestPurpose, Exchange)
        case watchOpens(Int, Agent.Watch, Weather.WatchFate)
        case signal(Int, Agent.Watch, WatchSignal)
        case bookmark(Int, Agent.Watch)
        case silence(Agent.Watch)
        case deed(Int, Happening.Deed)
        case resumes(Int)
        case restarts(Int)
    }

    /// So long after the last thing that went wrong, whatever has not ended must have a reason.
    static let patience = Duration.seconds(600)

    let scenario: Scenario
    let trace: Trace?
    var coverage = Coverage()
    var digest = Digest()
    var now = Scenario.start
    var model: ClusterModel
    var weather: Weather
    var agents: [Agent] = []
    var queue = EventQueue<Item>()
    var violation: Violation?
    /// Pods that a list has left out, though they were there.
    var lies: Set<String> = []
    /// The last revision that the watches were told of.
    private var pumped = 0
    private var isQuiet = false
    private var steps = 0

    init(_ scenario: Scenario, trace: Trace? = nil) {
        self.scenario = scenario
        self.trace = trace
        model = scenario.model
        weather = scenario.weather
        for (number, plan) in scenario.agents.enumerated() {
            agents.append(Agent(plan, number: number, witness: Witness(plan, number, self)))
            queue.add(.begin(number), at: plan.begins)
            for happening in plan.happenings {
                if case .at(let moment) = happening.trigger { queue.add(.deed(number, happening.deed), at: moment) }
            }
        }
        pumped = model.revision
    }

    func fail(_ invariant: Invariant, _ text: String) {
        guard violation == nil else { return }
        violation = Violation(invariant, text)
        trace?.add(now, "VIOLATION \(invariant.rawValue): \(text)")
    }

    /// Plays it; the first violation ends it.
    func run() {
        let horizon = scenario.calm + Self.patience
        while violation == nil, agents.contains(where: { $0.condition != .over }) {
            guard let next = nextMoment else {
                return fail(.deadlock, "nothing will ever happen again: \(agents.map(\.machine.state.rawValue))")
            }
            if next > horizon, !isQuiet { return becomeQuiet() }
            if next > now { now = next }
            steps += 1
            if steps > 200_000 { return fail(.livelock, "200000 happenings, and no end") }
            advance()
        }
        finish()
    }

    private var nextMoment: Timestamp? {
        var next = queue.earliest
        if let event = model.nextEvent { next = min(next ?? event, event) }
        for agent in agents where agent.condition == .running && agent.pausedUntil == nil {
            if let wake = agent.wake { next = min(next ?? wake, max(wake, now)) }
        }
        return next
    }

    /// One thing that is due.
    private func advance() {
        if let event = model.nextEvent, event <= now {
            model.advance(to: now)
            return pump()
        }
        if let due = queue.earliest, due <= now, let item = queue.removeFirst() { return take(item) }
        for agent in agents where agent.condition == .running && agent.pausedUntil == nil {
            guard let wake = agent.wake, wake <= now else { continue }
            return tick(agent)
        }
    }

    private func tick(_ agent: Agent) {
        coverage.ticks += 1
        agent.idleTicks.count = agent.idleTicks.at == now ? agent.idleTicks.count + 1 : 1
        agent.idleTicks.at = now
        if agent.idleTicks.count > 30 {
            return fail(.livelock, "it wants to be woken again and again at the same moment (\(agent.machine.state))")
        }
        handle(agent, .tick)
    }

    private func take(_ item: Item) {
        switch item {
        case .begin(let number): begin(agents[number])
        case .arrival(let number, let incarnation, let request, let sent, let down):
            arrive(agents[number], incarnation, request, sent: sent, down: down)
        case .answer(let number, let incarnation, let purpose, let exchange):
            answer(agents[number], incarnation, purpose, exchange)
        case .watchOpens(let number, let watch, let fate): open(agents[number], watch, fate)
        case .signal(let number, let watch, let signal): deliver(agents[number], watch, signal)
        case .bookmark(let number, let watch): bookmark(agents[number], watch)
        case .silence(let watch): watch.isSilent = true
        case .deed(let number, let deed): perform(deed, on: agents[number])
        case .resumes(let number): resume(agents[number])
        case .restarts(let number): restart(agents[number])
        }
        if model.revision != pumped { pump() }
    }

    /// Tells the watches what has changed.
    private func pump() {
        guard model.revision != pumped else { return }
        pumped = model.revision
        for agent in agents where agent.condition == .running { pump(agent) }
    }

    /// An input comes to an agent: at once, or when it moves again.
    func post(_ input: DrainInput, to agent: Agent) {
        guard agent.condition == .running else { return }
        guard agent.pausedUntil == nil else { return agent.inbox.append(input) }
        handle(agent, input)
    }

    func handle(_ agent: Agent, _ input: DrainInput) {
        guard agent.condition == .running, violation == nil else { return }
        agent.steps += 1
        trace?.add(now, agent, input)
        agent.witness.hears(input)
        let step = agent.step(input, at: now)
        trace?.add(now, agent, step)
        agent.witness.sees(step)
        for request in step.requests { launch(request, of: agent) }
        if let summary = step.summary { return end(agent, summary) }
        followWatches(of: agent)
        if agent.wake == nil, agent.unanswered == 0, agent.watches.isEmpty, agent.inbox.isEmpty {
            return fail(.deadlock, "nothing is asked for, watched or waited for (\(agent.machine.state))")
        }
        if !agent.happenings.isEmpty, now < scenario.calm { trigger(agent) }
    }

    private func end(_ agent: Agent, _ summary: DrainSummary) {
        agent.summary = summary
        agent.condition = .over
        agent.watches = []
        agent.wake = nil
        coverage.ended(summary.outcome)
        agent.witness.closes(summary)
    }

    /// Nothing has gone wrong for long. Whoever has not ended says why, and then ends when it is told to.
    private func becomeQuiet() {
        isQuiet = true
        for agent in agents where agent.condition == .running { agent.witness.standsStill() }
        for agent in agents where agent.condition == .running && violation == nil {
            coverage.hit(.stoodStill)
            post(.cancel(uncordon: false), to: agent)
        }
        let limit = now + .seconds(60)
        while violation == nil, agents.contains(where: { $0.condition == .running }) {
            guard let next = nextMoment else { return fail(.deadlock, "nothing will ever happen again") }
            guard next <= limit else { return fail(.cancelIgnored, "a minute after the cancel it has not ended") }
            if next > now { now = next }
            advance()
        }
        finish()
    }

    private func finish() {
        guard violation == nil else { return }
        digest.add(UInt64(bitPattern: now.nanoseconds))
        digest.add(UInt64(model.revision))
        coverage.seeds += 1
    }
}
