import DrainEngine
import DrainTelemetry
import FoundationEssentials
import HTTPServer
import KubernetesAPI
import KubernetesClient
import Telemetry
import Timestamps

/// `drain-agent run`: serves at once, waits for a reason to drain, drains, tells, and ends.
struct Sidecar: Sendable {
    private enum Happening: Sendable {
        case signal(SignalFeed.Signal)
        case ended(DrainSummary)
    }

    private let options: RunCommand
    private let node: String
    private let time: TimeSource
    private let telemetry: AgentTelemetry
    private let cluster: Cluster
    private let controller: DrainController
    private let readiness: Readiness
    private let ownPod: OwnPod
    private let linger: Linger
    private let server: AgentServer
    private let accessSummary: String
    private let fleet: DrainPolicy.Fleet?
    private let isDry: Bool

    init(_ options: RunCommand) throws {
        self.options = options
        node = try options.nodeName()
        time = .anchored()
        linger = Linger(time: time)
        let location = try ClusterLocation(options.cluster)
        accessSummary = location.access.summary
        var policy = try options.eviction.policy(node: node)
        policy.ownPod = options.ownPod
        policy.certificateRefusalIsFinal = false
        // Within the reserve that a grace period leaves us.
        policy.settleTimeout = policy.atDeadline == .delete ? .seconds(2) : .seconds(1)
        fleet = options.fleet.fleet(location, declared: ProcessInfo.processInfo.environment["POD_NAMESPACE"])
        policy.fleet = fleet
        isDry = policy.dryRun != .none
        telemetry = try AgentTelemetry(
            AgentTelemetry.Settings(
                node: node, dryRun: policy.dryRun != .none, spans: options.telemetry.spans ?? "-",
                otel: options.telemetry.otel(),
                logFormat: options.telemetry.logFormat ?? .json, logLevel: options.telemetry.logLevel ?? .info,
                serverAddress: location.serverAddress, reporting: options.reporting.settings), time: time)
        cluster = Cluster(location.access, api: telemetry.api, time: time)
        telemetry.report(to: cluster)
        controller = DrainController(
            cluster: cluster, telemetry: telemetry, policy: policy, timeout: options.eviction.timeout.value, time: time)
        ownPod = OwnPod(
            environment: ProcessInfo.processInfo.environment, namespace: location.access.namespace,
            isInCluster: location.isInCluster)
        readiness = Readiness(
            ownPod: ownPod.declared.map { .pod($0) }
                ?? (location.isInCluster ? .unknown("our own pod is not known yet") : .none))
        let routes = AgentRoutes(
            telemetry: telemetry, controller: controller, readiness: readiness, linger: linger,
            gate: ControlGate(tokenFile: options.serving.controlTokenFile.map { ControlTokenFile($0) }),
            httpPrestop: options.serving.httpPrestop, node: node,
            graceLimit: { [controller, readiness, cluster] in
                await Self.grace(readiness, options)
                    .limit(signalAt: controller.beginTermination(), cluster.quickSend)
            },
            plans: PlanDesk(Planner(cluster: cluster, policy: policy, time: time), time: time),
            identity: { [controller, readiness, cluster, telemetry, isDry] in
                isDry ? nil : await Self.identity(controller, readiness, cluster, telemetry)
            })
        server = AgentServer(routes.all, telemetry: telemetry)
    }

    /// The process's life, to its exit code.
    func live(_ signals: SignalFeed) async -> Int32 {
        do { try listen() } catch { return Complaint.exit(error) }
        telemetry.say(
            .info, "serving",
            [
                ("listen", .array(server.addresses.map { .string($0) })),
                ("tls", .bool(options.certificate.files != nil)), ("version", .string(BuildVersion.version)),
                ("server", .string(accessSummary)), ("on_sigterm", .string(options.onSigterm.rawValue)),
                ("lease_namespace", fleet.map { .string($0.namespace) } ?? .null),
            ])
        let startup = StartupProbe(
            cluster: cluster, ownPod: ownPod, readiness: readiness, telemetry: telemetry,
            onSigterm: options.onSigterm, reached: { await takeOver() })
        let probe = Task { await startup.run() }
        let code = await serve(signals)
        // Before its client is gone, which it would complain of.
        probe.cancel()
        await controller.endChore()
        return await leave(code)
    }

    /// Until there is a reason to end; the exit code for it.
    private func serve(_ signals: SignalFeed) async -> Int32 {
        let (happenings, post) = AsyncStream<Happening>.makeStream()
        Task { for await signal in signals.stream { post.yield(.signal(signal)) } }
        Task { if let summary = await controller.outcome() { post.yield(.ended(summary)) } }
        for await happening in happenings {
            switch happening {
            case .signal(.hangup): telemetry.say(.info, "SIGHUP is ignored")
            case .signal(.terminate), .signal(.interrupt):
                if let code = await terminate(at: controller.beginTermination()) { return code }
            case .ended(let summary): return await end(summary, happenings)
            }
        }
        return AgentExit.failed
    }

    private func listen() throws {
        try server.listen(on: options.serving.address(), options.certificate.files)
        do {
            try server.openSocket(options.serving.controlSocket)
        } catch {
            telemetry.say(.warning, "no control socket", [("err", .string("\(error)"))])
            if options.serving.controlSocket != nil { throw error }
        }
    }

    /// A SIGTERM: drain, or less time to drain, or the end. The exit code when it is the end. `now`: of the first one.
    private func terminate(at now: Timestamp) async -> Int32? {
        let grace = Self.grace(readiness, options)
        if await controller.hasBegun {
            // The outcome is there and about to be told: there will be no time to wait for a scrape.
            guard await controller.isRunning else {
                linger.finish()
                return nil
            }
            let limit = await limit(grace, signalAt: now)
            telemetry.say(
                .info, "SIGTERM while draining",
                [("deadline", limit.map { .string($0.deadline.rfc3339()) } ?? .null)])
            await controller.limit(to: limit)
            return nil
        }
        switch options.onSigterm {
        case .exit:
            telemetry.say(.info, "SIGTERM: ending without a drain")
            return AgentExit.completed
        case .auto:
            guard let proof = await evidence() else {
                telemetry.say(.info, "SIGTERM: no sign that the node is going, ending without a drain")
                return AgentExit.completed
            }
            telemetry.say(.info, "SIGTERM: draining", [("reason", .string(proof))])
        case .drain: telemetry.say(.info, "SIGTERM: draining")
        }
        return await startDrain(at: now)
    }

    private static func grace(_ readiness: Readiness, _ options: RunCommand) -> Grace {
        Grace(
            own: readiness.ownPod.identity, configured: options.terminationGrace?.value,
            deletesAtDeadline: options.eviction.atDeadline == .delete)
    }

    private func startDrain(at now: Timestamp) async -> Int32? {
        if case .unknown = readiness.ownPod { readiness.found(await ownPod.find(cluster.quickSend)) }
        if case .unknown(let reason) = readiness.ownPod {
            telemetry.say(.error, "cannot drain", [("err", .string(reason))])
            return AgentExit.failed
        }
        let grace = Self.grace(readiness, options)
        var demand = DrainDemand(.sigterm)
        demand.limit = grace.estimate(signalAt: now)
        let agent = isDry ? nil : await Self.identity(controller, readiness, cluster, telemetry)
        _ = await controller.start(demand, own: grace.own, agent: agent)
        await controller.limit(to: await limit(grace, signalAt: now))
        return nil
    }

    /// Without it there is no record, and nobody resumes: said, and no reason not to drain.
    private static func identity(
        _ controller: DrainController, _ readiness: Readiness, _ cluster: Cluster, _ telemetry: AgentTelemetry
    ) async -> String? {
        if let known = await controller.agent { return known }
        guard let agent = await AgentIdentity.find(readiness.ownPod.identity, cluster.quickSend) else {
            telemetry.say(.warning, "our own pod cannot be read: no record is kept, and a restart will not resume")
            return nil
        }
        await controller.isKnown(as: agent)
        return agent
    }

    /// Once the server was reached: what have those before us left?
    private func takeOver() async {
        guard !isDry else { return }
        let agent = await Self.identity(controller, readiness, cluster, telemetry)
        let takeover = Takeover(
            node: node, agent: agent, fleet: fleet, uncordonsAfterBoot: options.uncordonAfterBoot,
            send: cluster.quickSend,
            telemetry: telemetry, time: time,
            resume: { _ = await controller.start($0, own: readiness.ownPod.identity, agent: agent) })
        await controller.undertake { await takeover.run() }
    }

    private func limit(_ grace: Grace, signalAt: Timestamp) async -> TimeLimit? {
        await grace.limit(signalAt: signalAt, cluster.quickSend) { problem in
            telemetry.say(.warning, "cannot read our own pod", [("err", .string(problem))])
        }
    }

    private func evidence() async -> String? {
        let exchange = await cluster.quickSend(APIRequest(.readNode(node)))
        var own: Pod?
        if let pod = readiness.ownPod.identity,
            case .success(_, .pod(let read)) = await cluster.quickSend(
                APIRequest(.readPod(namespace: pod.namespace, name: pod.name))
            ).answer
        {
            own = read
        }
        switch exchange.answer {
        case .success(_, .node(let node)): return ShutdownEvidence.find(node: node, own: own)
        case .success: return nil
        case .failure(let failure):
            telemetry.say(.warning, "cannot read the node", [("err", .string(failure.message))])
            return nil
        case .refusal(let status):
            telemetry.say(.warning, "cannot read the node", [("err", .string(status.message))])
            return nil
        }
    }

    /// The outcome is told to everybody who may want it, then we go.
    private func end(_ summary: DrainSummary, _ happenings: AsyncStream<Happening>) async -> Int32 {
        async let reports: Void = telemetry.finishReports(within: .seconds(2))
        async let exported: Void = telemetry.export(within: .seconds(2))
        async let spans: Void = telemetry.finishSpans(within: .seconds(2))
        await telemetry.flush(within: .seconds(1))
        writeTerminationLog(summary)
        if let problem = telemetry.writeTextfile(options.telemetry.textfile) {
            telemetry.say(.warning, "textfile not written", [("err", .string(problem))])
        }
        await reports
        await exported
        await spans
        // A scrape before that would not show what became of the last spans and Events.
        linger.drainEnded()
        await stayForScrape(happenings)
        return AgentExit.code(summary.outcome)
    }

    private func writeTerminationLog(_ summary: DrainSummary) {
        let status = telemetry.progress.current
        let path = options.terminationLog ?? TerminationLog.usualPath
        guard !path.isEmpty else { return }
        let isUsual = options.terminationLog == nil
        if isUsual, !FileManager.default.fileExists(atPath: path) { return }
        let text = TerminationLog.text(summary, node: node, drainID: status.start?.id ?? "")
        if let problem = TerminationLog.write(text, to: path) {
            telemetry.say(.warning, "termination log not written", [("err", .string(problem))])
        }
    }

    /// At most `--linger`, at most the grace that is left, and not at all if nobody scrapes us.
    private func stayForScrape(_ happenings: AsyncStream<Happening>) async {
        let scrapers = linger.expected
        guard !scrapers.isEmpty else { return }
        let now = time.now()
        let patience = now + options.linger.value
        let limit = min(patience, await controller.graceLimit.map(lastScrape) ?? patience)
        guard limit > now else { return }
        telemetry.say(
            .info, "waiting for a scrape that shows the outcome",
            [
                ("until", .string(limit.rfc3339())),
                ("scrapers", .array(scrapers.prefix(10).map { .string($0) })),
            ])
        let alarm = Task { await finishLinger(at: limit) }
        let signalled = Task { await heedSignals(happenings) }
        await linger.wait()
        alarm.cancel()
        signalled.cancel()
    }

    /// A SIGTERM ends the waiting; but the one that our own pod's eviction brought says only until when we live.
    private func heedSignals(_ happenings: AsyncStream<Happening>) async {
        var expectsOurOwn = await isLeavingItself
        for await happening in happenings {
            guard case .signal(let signal) = happening, signal != .hangup else { continue }
            guard expectsOurOwn else { return linger.finish() }
            expectsOurOwn = false
            guard let limit = await limit(Self.grace(readiness, options), signalAt: time.now()) else {
                return linger.finish()
            }
            Task { await finishLinger(at: lastScrape(limit)) }
        }
    }

    /// Our own pod was evicted by us, and nobody else has asked us to end.
    private var isLeavingItself: Bool {
        get async {
            guard await controller.graceLimit == nil, let own = readiness.ownPod.identity else { return false }
            return telemetry.progress.current.pods.contains { entry in
                entry.phase == .terminating && entry.attempts > 0 && entry.pod.namespace == own.namespace
                    && entry.pod.name == own.name
            }
        }
    }

    /// Part of the reserve is for it.
    private func lastScrape(_ limit: TimeLimit) -> Timestamp { limit.hardEnd - Grace.lastMoment }

    private func finishLinger(at moment: Timestamp) async {
        await pause(for: moment - time.now())
        linger.finish()
    }

    private func leave(_ code: Int32) async -> Int32 {
        telemetry.interrupt(at: time.now())
        await telemetry.finishSpans(within: .seconds(1))
        await telemetry.finishExport(within: .milliseconds(500))
        await server.stop()
        await cluster.client.shutdown()
        telemetry.say(.info, "ending", [("exit_code", .int(Int64(code)))])
        await telemetry.flush(within: .seconds(1))
        return code
    }
}
