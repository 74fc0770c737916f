import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// What happens to the agents: they begin, stand still, die, and come back.
extension World {
    func begin(_ agent: Agent) {
        agent.condition = .running
        agent.machine = NodeDrain(policy: agent.plan.policy, seed: agent.plan.seed)
        handle(agent, .start(agent.plan.start))
    }

    func perform(_ deed: Happening.Deed, on agent: Agent) {
        guard agent.condition == .running else { return }
        switch deed {
        case .cancel(let uncordon):
            coverage.cancelled(agent.witness.stageWord)
            post(.cancel(uncordon: uncordon), to: agent)
        case .deadline(let moment, let end):
            coverage.hit(.deadlineMoved)
            post(.deadline(moment, hardEnd: end), to: agent)
        case .pause(let duration):
            guard agent.pausedUntil == nil else { return }
            coverage.hit(.paused)
            agent.pausedUntil = now + duration
            queue.add(.resumes(agent.number), at: now + duration)
        case .crash(let duration):
            coverage.crashed(agent.witness.stageWord)
            trace?.add(now, "agent \(agent.number) crashes")
            agent.condition = .down
            agent.incarnation += 1
            agent.watches = []
            agent.inbox = []
            agent.pausedUntil = nil
            agent.unanswered = 0
            agent.wake = nil
            queue.add(.restarts(agent.number), at: now + duration)
        }
    }

    /// What came meanwhile comes now, one after the other.
    func resume(_ agent: Agent) {
        guard agent.condition == .running, let until = agent.pausedUntil, until <= now else { return }
        agent.pausedUntil = nil
        while !agent.inbox.isEmpty, agent.condition == .running, agent.pausedUntil == nil, violation == nil {
            handle(agent, agent.inbox.removeFirst())
        }
    }

    /// A new process finds out what the last one left behind, as an agent does when it starts.
    func restart(_ agent: Agent) {
        let node = model.node(agent.plan.policy.node)
        agent.steps = 0
        agent.witness = Witness(agent.plan, agent.number, self)
        var start = agent.plan.start
        let left = record(on: node)
        agent.witness.earlierCordon =
            left.map { $0.cordoned && $0.agent == agent.plan.policy.recordedAs && $0.bootID == node?.status.bootID }
            ?? false
        if let record = left, record.outcome == nil, record.agent == agent.plan.policy.recordedAs,
            let node
        {
            if let reason = interruption(record, node) { return close(record, reason, agent) }
            coverage.hit(.resumed)
            start = DrainStart(id: record.id, trigger: record.trigger, deadline: record.deadline)
            start.hardEnd = agent.plan.start.hardEnd
            start.resumes = record
        } else {
            guard agent.plan.isToldAgain else {
                coverage.hit(.forgotten)
                agent.condition = .over
                return
            }
            coverage.hit(.toldAgain)
            start.id += "-again\(agent.incarnation)"
        }
        agent.condition = .running
        agent.machine = NodeDrain(policy: agent.plan.policy, seed: agent.plan.seed &+ UInt64(agent.incarnation))
        handle(agent, .start(start))
    }

    func record(on node: Node?) -> DrainRecord? {
        guard let node else { return nil }
        do { return try DrainRecord(on: node) } catch {
            fail(.recordLeft, "the record on the node cannot be read")
            return nil
        }
    }

    private func interruption(_ record: DrainRecord, _ node: Node) -> String? {
        if record.bootID != node.status.bootID { return "interrupted: the node was rebooted" }
        if let deadline = record.deadline, deadline <= now { return "interrupted: its deadline has passed" }
        return nil
    }

    private func close(_ record: DrainRecord, _ reason: String, _ agent: Agent) {
        coverage.hit(.interrupted)
        var record = record
        record.outcome = .cancelled
        record.reason = reason
        _ = model.exchange(
            .patchNode(agent.plan.policy.node, NodePatch(annotations: [DrainRecord.annotation: record.text])), at: now)
        agent.condition = .over
    }

    /// Whatever was to happen at this step, or after a request of that kind.
    func trigger(_ agent: Agent) {
        guard let index = agent.happenings.firstIndex(where: { isDue($0.trigger, agent) }) else { return }
        let happening = agent.happenings.remove(at: index)
        var delay = Duration.zero
        if case .onRequest(_, let wait) = happening.trigger { delay = wait }
        queue.add(.deed(agent.number, happening.deed), at: now + delay)
    }

    private func isDue(_ trigger: Happening.Trigger, _ agent: Agent) -> Bool {
        switch trigger {
        case .at: false
        case .atStep(let step): agent.steps >= step
        case .onRequest(let kind, _): agent.witness.lastKinds.contains(kind)
        }
    }
}
