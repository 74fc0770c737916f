import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

/// One `NodeDrain` against the cluster model, on a virtual clock; without watches, so it polls.
struct ModelDrain {
    static let node = "node-a"
    static let epoch = Timestamp(seconds: 1_800_000_000)

    var model: ClusterModel
    private(set) var events: [DrainEvent] = []
    private(set) var sent: [APICall] = []
    private(set) var summary: DrainSummary?

    /// A node, and on it what `build` puts there; nothing that is created later ever becomes ready, and nothing that is
    /// told to stop does: the cluster stands still.
    static func still(_ build: (inout ClusterModel) -> Void) -> ClusterModel {
        var model = ClusterModel(seed: 5, at: epoch, timing: .instant)
        model.addNode(node)
        build(&model)
        // What was done to it has come to the budgets.
        model.advance(to: epoch + .seconds(90))
        return model
    }

    init(_ model: ClusterModel) { self.model = model }

    /// Runs a drain to its end, or for so long.
    mutating func run(_ policy: DrainPolicy, for limit: Duration = .seconds(60)) {
        var machine = NodeDrain(policy: policy, seed: 1)
        var now = model.now
        let end = now + limit
        var seen: [WatchRequest.Topic: Int] = [:]
        var answers: [(at: Timestamp, input: DrainInput)] = []
        func take(_ step: DrainStep, _ run: inout ModelDrain) {
            run.events += step.events
            run.summary = step.summary ?? run.summary
            for request in step.requests {
                run.sent.append(request.call)
                var exchange = run.model.exchange(request.call, at: now)
                exchange.received = max(exchange.received, now + .milliseconds(1))
                answers.append((exchange.received, .answered(request.purpose, exchange)))
            }
            for wanted in machine.wantedWatches where seen[wanted.request.topic] != wanted.generation {
                seen[wanted.request.topic] = wanted.generation
                let signal = WatchSignal.ended(.error, detail: "no watches here", status: nil)
                let input = DrainInput.watch(wanted.request.topic, generation: wanted.generation, signal)
                answers.append((now + .milliseconds(1), input))
            }
            answers.sort { $0.at < $1.at }
        }
        take(machine.handle(.start(DrainStart(id: "d", trigger: .command)), at: now), &self)
        while summary == nil {
            guard let next = [answers.first?.at, machine.nextWake].compactMap({ $0 }).min(), next <= end else { return }
            now = max(now, next)
            let input = answers.first?.at == next ? answers.removeFirst().input : .tick
            take(machine.handle(input, at: now), &self)
        }
    }

    var forecast: Forecast? {
        for case .surveyed(let forecast) in events.map(\.fact) { return forecast }
        return nil
    }

    /// The first answer that says something about the pod, by the pod's name.
    var firstAnswers: [String: EvictionReply] {
        var answers: [String: EvictionReply] = [:]
        for case .evictionAnswered(let attempt) in events.map(\.fact) where answers[attempt.pod.name] == nil {
            answers[attempt.pod.name] = attempt.reply
        }
        return answers
    }

    /// Who made each pod wait first.
    var firstBlockers: [String: Blocker] {
        var blockers: [String: Blocker] = [:]
        for case .waitBegan(let wait) in events.map(\.fact) where blockers[wait.pod.name] == nil {
            blockers[wait.pod.name] = wait.blocker
        }
        return blockers
    }
}
