import ArgumentParser
import DrainEngine
import DrainTelemetry
import FoundationEssentials
import Glibc
import HTTPServer
import KubernetesAPI
import KubernetesClient
import Telemetry
import Timestamps

struct DrainCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Drains a node now, and says what happens.",
        discussion: """
            Takes kubectl drain's flags. Without --force and --delete-emptydir-data nothing is touched if pods would be
            lost for good. Ends as completed only when a fresh list shows that the pods are gone.
            """)

    @Argument(help: "The node's name.")
    var node: NodeName

    @Option(help: "Give up if the pods could not be listed by then.")
    var startupTimeout = DurationArgument(.seconds(30))

    @Option(help: "Serve /metrics and GET /drain at this address meanwhile.")
    var listen: String?

    @OptionGroup var certificate: CertificateOptions
    @OptionGroup var refusals: RefusalOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var eviction: EvictionOptions
    @OptionGroup var reporting: ReportingOptions
    @OptionGroup var fleet: FleetOptions
    @OptionGroup var telemetry: TelemetryOptions

    func validate() throws {
        guard let listen else {
            guard certificate.files == nil else { throw ValidationError("--tls-cert is for --listen") }
            return
        }
        do { _ = try ListenAddress(parsing: listen) } catch { throw ValidationError("--listen: \(error)") }
    }

    func execute(_ signals: SignalFeed) async -> Int32 {
        do { return try await drain(signals) } catch { return Complaint.exit(error) }
    }

    private func policy() throws -> DrainPolicy {
        var policy = try eviction.policy(node: node.value)
        policy.refusals = refusals.refusals
        policy.startupTimeout = startupTimeout.value
        return policy
    }

    private func drain(_ signals: SignalFeed) async throws -> Int32 {
        let time = TimeSource.anchored()
        let location = try ClusterLocation(cluster)
        var policy = try policy()
        policy.fleet = fleet.fleet(location)
        let out = LineSink.standardOutput()
        let say: @Sendable (String) -> Void = { out.write(Array("\($0)\n".utf8)) }
        let wantsLog = telemetry.logLevel != nil || telemetry.logFormat != nil
        let stack = try AgentTelemetry(
            AgentTelemetry.Settings(
                node: node.value, dryRun: policy.dryRun != .none, spans: telemetry.spans, otel: telemetry.otel(),
                logFormat: telemetry.logFormat ?? .text, logLevel: telemetry.logLevel ?? (wantsLog ? .info : nil),
                serverAddress: location.serverAddress, reporting: reporting.settings), time: time,
            extra: [ProgressLines(print: say)])
        let cluster = Cluster(location.access, api: stack.api, time: time)
        stack.report(to: cluster)
        let controller = DrainController(
            cluster: cluster, telemetry: stack, policy: policy, timeout: eviction.timeout.value, time: time)
        let server = try serve(stack, controller, time)
        if let fleet = policy.fleet {
            let namespace = JSONValue.string(fleet.namespace)
            stack.say(.info, "turns are taken by leases", [("lease_namespace", namespace)])
        }
        if let server { stack.say(.info, "serving", [("listen", .array(server.addresses.map { .string($0) }))]) }
        _ = await controller.start(DrainDemand(.command), own: nil)
        // Only now is there something to cancel; signals that came before wait in the stream.
        let interrupts = Task {
            for await _ in signals.stream { _ = await controller.cancel(uncordon: false) }
        }
        guard let summary = await controller.outcome() else { return AgentExit.cancelled }
        interrupts.cancel()
        if summary.outcome != .failed {
            for line in SummaryTable.lines(stack.progress.current, summary, at: time.now()) { say(line) }
        }
        if summary.leftCordoned, summary.outcome != .completed {
            say("node/\(node.value) is left cordoned: kubectl uncordon \(node.value) makes it schedulable again")
        }
        if let problem = stack.writeTextfile(telemetry.textfile) {
            Complaint.say("drain-agent: textfile not written: \(problem)")
        }
        async let exported: Void = stack.finishExport(within: .seconds(2))
        await stack.finishSpans(within: .seconds(2))
        await stack.finishReports(within: .seconds(2))
        await exported
        await server?.stop()
        await cluster.client.shutdown()
        _ = await out.flush(within: .seconds(2))
        await stack.flush(within: .seconds(2))
        if summary.outcome == .failed { Complaint.say("drain-agent: \(summary.reason.onOneLine)") }
        return AgentExit.code(summary.outcome)
    }

    private func serve(
        _ telemetry: AgentTelemetry, _ controller: DrainController, _ time: TimeSource
    ) throws -> AgentServer? {
        guard let listen else { return nil }
        let readiness = Readiness(ownPod: .none)
        readiness.reached()
        let routes = AgentRoutes(
            telemetry: telemetry, controller: controller, readiness: readiness, linger: Linger(time: time),
            gate: ControlGate(tokenFile: nil), httpPrestop: false, node: node.value)
        let server = AgentServer(routes.all, telemetry: telemetry)
        try server.listen(on: ListenAddress(parsing: listen), certificate.files)
        return server
    }
}
