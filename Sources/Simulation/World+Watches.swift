import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// The watches: begun and ended as the driver does it, told what changes, and now and then cut.
extension World {
    /// Starts and ends the difference.
    func followWatches(of agent: Agent) {
        let wanted = agent.wanted
        guard !wanted.isEmpty || !agent.watches.isEmpty else { return }
        agent.watches.removeAll { watch in
            !wanted.contains { $0.request.topic == watch.topic && $0.generation == watch.generation }
        }
        for watch in wanted where !agent.watches.contains(where: { $0.topic == watch.request.topic }) {
            agent.witness.begins(watch)
            start(watch, for: agent)
        }
    }

    private func start(_ wanted: WantedWatch, for agent: Agent) {
        let fate = weather.watchFate(at: now)
        let watch = Agent.Watch(wanted, at: now, lag: fate.lag)
        agent.watches.append(watch)
        guard !fate.isUnanswered else {
            coverage.hit(.watchUnanswered)
            let detail = "no response within \(Weather.clientTimeout)"
            queue.add(
                .signal(agent.number, watch, .ended(.error, detail: detail, status: nil)),
                at: now + Weather.clientTimeout)
            return
        }
        queue.add(.watchOpens(agent.number, watch, fate), at: now + fate.opens)
        queue.add(
            .signal(agent.number, watch, .ended(.closed, detail: "closed", status: nil)),
            at: now + .seconds(wanted.request.timeoutSeconds))
    }

    /// The server has heard of it.
    func open(_ agent: Agent, _ watch: Agent.Watch, _ fate: Weather.WatchFate) {
        guard agent.watches.contains(where: { $0 === watch }) else { return }
        if let refusal = fate.refusal { return refuse(agent, watch, refusal) }
        let query = ListQuery(watch.topic, resourceVersion: String(watch.revision))
        if case .status(let status) = model.handle(.watch(query), at: now).answer {
            return refuse(agent, watch, status.status)
        }
        watch.isOpen = true
        send(.opened, on: watch, of: agent)
        if let silent = fate.fallsSilent {
            coverage.hit(.watchSilent)
            // Heard until then; given up when the idle limit is reached.
            queue.add(
                .signal(agent.number, watch, .ended(.idle, detail: "silent", status: nil)),
                at: now + silent + Weather.idleLimit)
            queue.add(.silence(watch), at: now + silent)
        }
        if let end = fate.end {
            coverage.hit(.watchCut)
            let status = end.1 == .expired ? Status(code: 410, reason: "Expired", message: end.detail) : nil
            queue.add(
                .signal(agent.number, watch, .ended(end.1, detail: end.detail, status: status)), at: now + end.after)
        }
        queue.add(.bookmark(agent.number, watch), at: now + .seconds(60))
        tell(agent, watch)
    }

    private func refuse(_ agent: Agent, _ watch: Agent.Watch, _ status: Status) {
        coverage.hit(.watchRefused)
        let reason: WatchRestart = status.code == 410 ? .expired : .error
        deliver(agent, watch, .ended(reason, detail: status.message, status: status))
    }

    /// Whatever has changed since the watch was last told.
    func pump(_ agent: Agent) {
        for watch in agent.watches where watch.isOpen && !watch.hasEnded { tell(agent, watch) }
    }

    private func tell(_ agent: Agent, _ watch: Agent.Watch) {
        guard !watch.isSilent, watch.revision < model.revision else { return }
        do {
            for event in try model.events(after: &watch.revision, of: watch.topic) {
                send(.event(event), on: watch, of: agent)
                guard scenario.has(.watches), now < scenario.calm else { continue }
                watch.told.append(event)
                // An object can be told of twice: what the list showed, the watch may tell again.
                if weather.dice.chance(0.05) {
                    coverage.hit(.eventTwice)
                    send(.event(event), on: watch, of: agent)
                }
                // Or long after: no API server does so, but what is between us and it may.
                if weather.dice.chance(0.05) {
                    coverage.hit(.eventLate)
                    send(.event(weather.dice.pick(watch.told)), on: watch, of: agent)
                }
            }
        } catch {
            send(.ended(.expired, detail: error.message, status: error.status), on: watch, of: agent)
            watch.isSilent = true
        }
    }

    private func send(_ signal: WatchSignal, on watch: Agent.Watch, of agent: Agent) {
        watch.last = max(watch.last, now + weather.dice.time(watch.lag.0, watch.lag.1))
        queue.add(.signal(agent.number, watch, signal), at: watch.last)
    }

    func bookmark(_ agent: Agent, _ watch: Agent.Watch) {
        guard !watch.isSilent, agent.watches.contains(where: { $0 === watch }) else { return }
        send(.event(.bookmark(resourceVersion: String(watch.revision))), on: watch, of: agent)
        queue.add(.bookmark(agent.number, watch), at: now + .seconds(60))
    }

    /// What a watch that has been ended still says, nobody reads.
    func deliver(_ agent: Agent, _ watch: Agent.Watch, _ signal: WatchSignal) {
        guard agent.watches.contains(where: { $0 === watch }), !watch.hasEnded, !watch.isSilent || signal.isEnd else {
            return
        }
        watch.hasEnded = signal.isEnd
        post(.watch(watch.topic, generation: watch.generation, signal), to: agent)
    }
}

extension ObjectSignal {
    fileprivate var isEnd: Bool { if case .ended = self { true } else { false } }
}
