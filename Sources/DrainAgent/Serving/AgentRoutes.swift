import DrainEngine
import DrainTelemetry
import HTTPServer
import KubernetesAPI
import Telemetry
import Timestamps

/// Every route of the agent; docs/routes.md has them for people.
struct AgentRoutes: Sendable {
    let telemetry: AgentTelemetry
    let controller: DrainController
    let readiness: Readiness
    let linger: Linger
    let gate: ControlGate
    let httpPrestop: Bool
    let node: String
    /// When a drain that a preStop hook asks for must have ended; `nil`: nobody ends us that we know of.
    var graceLimit: @Sendable () async -> TimeLimit? = { nil }
    /// What a drain would meet; `nil`: nobody may ask here.
    var plans: PlanDesk?
    /// Who we are in a record on the node; `nil`: none is kept.
    var identity: @Sendable () async -> String? = { nil }

    var all: [Route] {
        var routes = [
            Route("GET", "/metrics", gzip: true) { metrics($0) },
            Route("GET", "/livez") { _ in .text(200, "ok\n") },
            Route("GET", "/readyz") { _ in readyz() },
            Route("GET", "/drain", gzip: true) { _ in .json(200, document(telemetry.progress.current.json)) },
            Route("GET", "/drain/events") { _ in LiveEvents.response(telemetry.feed) },
            Route("POST", "/drain") { await startDrain($0) },
            Route("DELETE", "/drain") { await cancelDrain($0) },
            Route("POST", "/prestop") { await prestop($0) },
            Route("GET", "/", gzip: true) { StatusPage.response($0) ?? .text(200, overview) },
        ]
        if let plans { routes.append(Route("GET", "/plan", gzip: true) { await plan($0, plans) }) }
        if httpPrestop { routes.append(Route("GET", "/prestop") { await prestop($0) }) }
        return routes
    }

    private func metrics(_ request: HTTPServerRequest) -> HTTPServerResponse {
        let scrape = linger.scrapeBegins(request)
        let format = ExpositionFormat(acceptedBy: request.header("Accept"))
        return HTTPServerResponse(
            status: 200, headers: [("Content-Type", format.contentType), ("Vary", "Accept")],
            body: .bytes(format.render(telemetry.registry.collect())),
            onDelivered: { isWhole in
                // HEAD has shown nothing.
                guard isWhole, request.method != "HEAD" else { return }
                telemetry.scrapes[format].increment()
                linger.delivered(scrape)
            })
    }

    private func readyz() -> HTTPServerResponse {
        guard let reason = readiness.obstacle else { return .text(200, "ok\n") }
        return .text(503, "not ready: \(reason)\n")
    }

    private func startDrain(_ request: HTTPServerRequest) async -> HTTPServerResponse {
        if let refusal = await gate.refusal(of: request) { return refusal }
        do {
            var demand = DrainDemand(.http)
            (demand.id, demand.overrides) = try DrainDemand.Overrides.parse(request.body)
            demand.body = String(decoding: request.body, as: UTF8.self)
            demand.traceparent = request.header("traceparent")
            switch request.query["wait"] {
            case nil, "false": return await start(demand)
            case "true": return await startAndWait(demand)
            case let other?: return .error(400, "wait: true or false, not \"\(other)\"")
            }
        } catch {
            return .error(400, error.description)
        }
    }

    private func prestop(_ request: HTTPServerRequest) async -> HTTPServerResponse {
        if let refusal = await gate.refusal(of: request) { return refusal }
        var demand = DrainDemand(.prestop)
        demand.traceparent = request.header("traceparent")
        // Whatever drain runs is the one to wait for, however it was asked for.
        let started = await controller.hasBegun ? nil : await start(demand)
        if let started, started.status >= 300, started.status != 409 { return started }
        await controller.limit(to: await graceLimit())
        return await outcome()
    }

    private func start(_ demand: DrainDemand) async -> HTTPServerResponse {
        switch readiness.ownPod {
        case .unknown(let reason): return .error(503, reason)
        case .none, .pod:
            let agent = await identity()
            let started = await controller.start(demand, own: readiness.ownPod.identity, agent: agent)
            return answer(started)
        }
    }

    private func answer(_ started: DrainController.Started) -> HTTPServerResponse {
        switch started {
        case .begun(let id): .json(202, document(.object([("drain_id", .string(id)), ("node", .string(node))])))
        case .already(let id): .json(200, document(.object([("drain_id", .string(id)), ("node", .string(node))])))
        case .conflict(let id): .error(409, "drain \(id) was asked for differently; this agent does one drain")
        }
    }

    /// Holds the answer until the drain has ended.
    private func startAndWait(_ demand: DrainDemand) async -> HTTPServerResponse {
        let started = await start(demand)
        guard started.status < 300 else { return started }
        return await outcome()
    }

    private func outcome() async -> HTTPServerResponse {
        _ = await controller.outcome()
        return .json(200, document(telemetry.progress.current.json))
    }

    /// Guarded, for it costs a dry-run eviction a pod.
    private func plan(_ request: HTTPServerRequest, _ plans: PlanDesk) async -> HTTPServerResponse {
        if let refusal = await gate.refusal(of: request) { return refusal }
        switch readiness.ownPod {
        case .unknown(let reason): return .error(503, reason)
        case .none, .pod: break
        }
        switch await plans.plan(own: readiness.ownPod.identity) {
        case .success(let plan): return .json(200, document(plan.json))
        case .failure(let failure): return .error(503, failure.reason)
        }
    }

    private func cancelDrain(_ request: HTTPServerRequest) async -> HTTPServerResponse {
        if let refusal = await gate.refusal(of: request) { return refusal }
        let uncordon: Bool
        switch request.query["uncordon"] {
        case nil, "false": uncordon = false
        case "true", "": uncordon = true
        case let other?: return .error(400, "uncordon: true or false, not \"\(other)\"")
        }
        guard await controller.cancel(uncordon: uncordon) else { return .error(409, "no drain is under way") }
        return .json(202, document(.object([("cancelling", .bool(true)), ("uncordon", .bool(uncordon))])))
    }

    private func document(_ value: JSONValue) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONLine.append(value, to: &bytes)
        return bytes + [UInt8(ascii: "\n")]
    }

    private var overview: String {
        """
        drain-agent \(BuildVersion.version), node \(node)

        GET /metrics   Prometheus metrics
        GET /          for a browser: the drain, live
        GET /drain     the drain's state as JSON
        GET /drain/events  the same as server-sent events, one a move
        GET /plan      what a drain would meet (with the control token)
        GET /livez     is the agent alive
        GET /readyz    has it reached the API server

        """
    }
}
