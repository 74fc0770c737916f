import DrainEngine
import KubernetesAPI
import Timestamps

/// What happened, in lines for people; only kept when a seed is looked at closely.
public final class Trace {
    private(set) public var lines: [String] = []

    public init() {}

    func add(_ now: Timestamp, _ text: String) {
        lines.append("\(Self.clock(now))  \(text)")
    }

    func add(_ now: Timestamp, _ agent: Agent, _ input: DrainInput) {
        add(now, "[\(agent.number)] ← \(Self.text(input))")
    }

    func add(_ now: Timestamp, _ agent: Agent, _ step: DrainStep) {
        for event in step.events { add(now, "[\(agent.number)]   · \(Self.text(event.fact))") }
        for request in step.requests {
            add(now, "[\(agent.number)]   → \(request.purpose) \(Self.cut("\(request.call)"))")
        }
        if let wake = agent.wake { add(now, "[\(agent.number)]   wake \(Self.clock(wake))") }
    }

    private static func clock(_ now: Timestamp) -> String {
        let milliseconds = (now.nanoseconds - Scenario.start.nanoseconds) / 1_000_000
        let digits = String(1000 + milliseconds % 1000).dropFirst()
        return "\(milliseconds / 1000).\(digits)"
    }

    private static func text(_ input: DrainInput) -> String {
        switch input {
        case .start(let start): "start \(start.id) deadline \(start.deadline.map(clock) ?? "none")"
        case .answered(let purpose, let exchange): "\(purpose): \(cut("\(exchange.answer)"))"
        case .watch(let topic, let generation, let signal): "\(topic) #\(generation): \(text(signal))"
        case .tick: "tick"
        case .deadline(let moment, _): "deadline \(moment.map(clock) ?? "none")"
        case .cancel(let uncordon): "cancel uncordon: \(uncordon)"
        }
    }

    private static func text(_ signal: WatchSignal) -> String {
        switch signal {
        case .opened: "opened"
        case .ended(let reason, let detail, _): "ended \(reason.rawValue) \(detail)"
        case .event(.bookmark(let version)): "bookmark \(version)"
        case .event(.error(let status)): "error \(status.code)"
        case .event(.added(let object)): "added \(text(object))"
        case .event(.modified(let object)): "modified \(text(object))"
        case .event(.deleted(let object)): "deleted \(text(object))"
        }
    }

    private static func text(_ object: WatchedObject) -> String {
        let name = "\(object.metadata.namespace)/\(object.metadata.name) rv \(object.metadata.resourceVersion)"
        switch object {
        case .pod(let pod):
            return "\(name) \(pod.metadata.uid.prefix(6)) on \(pod.spec.nodeName) \(pod.status.phase)"
                + (pod.isReady ? " ready" : "") + (pod.isTerminating ? " terminating" : "")
        case .node(let node): return "\(name) unschedulable \(node.spec.unschedulable)"
        case .budget(let budget):
            let status = budget.status
            return "\(name) allows \(status.disruptionsAllowed), \(status.currentHealthy) of \(status.desiredHealthy)"
        }
    }

    private static func text(_ fact: DrainEvent.Fact) -> String {
        switch fact {
        case .podMoved(let move):
            "\(move.pod) \(move.from.rawValue) > \(move.to.rawValue) \(move.answer?.rawValue ?? "") \(move.message)"
        case .podAdded(let facts): "pod \(facts.index) \(facts.pod) \(facts.pod.uid.prefix(6)) \(facts.phase.rawValue)"
        case .began(let start, _): "began \(start.id)"
        case .evictionAnswered(let attempt): "answer to \(attempt.pod) \(attempt.number): \(attempt.reply.answer)"
        default: cut("\(fact)")
        }
    }

    private static func cut(_ text: String) -> String {
        let plain = text.split(separator: "KubernetesAPI.").joined().split(separator: "DrainEngine.").joined()
        return plain.count > 300 ? plain.prefix(300) + "…" : plain
    }
}
