import ClusterModel
import DrainEngine
import KubernetesAPI
import Timestamps

// A request's way there and back.
extension World {
    func launch(_ request: DrainRequest, of agent: Agent) {
        agent.unanswered += 1
        coverage.requests += 1
        let (number, incarnation) = (agent.number, agent.incarnation)
        func fails(_ kind: TransportFailure.Kind, after: Duration) {
            let exchange = Exchange(
                answer: .failure(TransportFailure(kind, "simulated")), sent: now, received: now + after)
            queue.add(
                .answer(number, incarnation: incarnation, request.purpose, exchange), at: now + after)
        }
        switch weather.fate(of: request.call, at: now) {
        case .served(let up, let down):
            queue.add(
                .arrival(number, incarnation: incarnation, request, sent: now, down: min(down, Weather.clientTimeout)),
                at: now + up)
        case .lost(let after, let kind, let effect):
            coverage.hit(effect == nil ? .requestLost : .answerLost)
            fails(kind, after: after)
            guard let effect else { return }
            if effect > after { coverage.hit(.lateEffect) }
            queue.add(.arrival(number, incarnation: incarnation, request, sent: now, down: nil), at: now + effect)
        case .told(let answer, let retryAfter, let after, let mischief):
            coverage.mischiefs[mischief.rawValue] += 1
            let exchange = Exchange(
                answer: answer, auditID: mischief.meaning.rawValue, retryAfter: retryAfter, sent: now,
                received: now + after)
            queue.add(.answer(number, incarnation: incarnation, request.purpose, exchange), at: now + after)
        }
    }

    /// It takes effect now.
    func arrive(
        _ agent: Agent, _ incarnation: Int, _ request: DrainRequest, sent: Timestamp, down: Duration?
    ) {
        agent.witness.watchesEffect(of: request.call)
        let call = weather.admitted(request.call, at: now)
        if call != request.call { coverage.hit(.cordonDropped) }
        var exchange = model.exchange(call, at: now)
        if case .refresh = request.purpose { lie(&exchange) }
        agent.witness.arrived(request, exchange)
        guard let down else { return }
        // Older servers say 200, and mean the same.
        if case .evict = request.call, case .success(201, let object) = exchange.answer, scenario.seed % 7 == 0 {
            exchange.answer = .success(code: 200, object)
        }
        let delay = max(exchange.received - now, .zero) + down
        exchange.sent = sent
        exchange.received = now + delay
        if delay > Weather.clientTimeout {
            exchange.answer = .failure(TransportFailure(.timeout, "simulated"))
        }
        queue.add(.answer(agent.number, incarnation: incarnation, request.purpose, exchange), at: now + delay)
    }

    func answer(_ agent: Agent, _ incarnation: Int, _ purpose: RequestPurpose, _ exchange: Exchange) {
        guard incarnation == agent.incarnation else { return }
        agent.unanswered -= 1
        post(.answered(purpose, exchange), to: agent)
    }
}
