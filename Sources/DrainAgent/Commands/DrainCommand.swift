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
    enum Output: String, ExpressibleByArgument, CaseIterable, Sendable { case json, name }

    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Drains a node now, and says what happens.",
        discussion: """
            Takes kubectl drain's flags. Without --force and --delete-emptydir-data nothing is touched if pods would be \
            lost for good. Ends as completed only when a fresh list shows that the pods are gone.
            """)

    @Argument(help: "The node's name.", completion: .nodes)
    var node: NodeName

    @Option(
        name: [.customShort("o"), .long],
        help:
            "What standard output is for, all else going to stderr: json (GET /drain at the end), or name (kubectl's lines)."
    )
    var output: Output?

    @Option(help: "Give up if the pods could not be listed by then.")
    var startupTimeout = DurationArgument(.seconds(30))

    @Option(help: "Serve /metrics and GET /drain at this address meanwhile.")
    var listen: String?

    @OptionGroup var progress: ProgressOptions
    @OptionGroup var certificate: CertificateOptions
    @OptionGroup var refusals: RefusalOptions
    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var eviction: EvictionOptions
    @OptionGroup var reporting: ReportingOptions
    @OptionGroup var fleet: FleetOptions
    @OptionGroup var telemetry: TelemetryOptions

    func validate() throws {
        if let output, telemetry.spans == "-" {
            throw ValidationError("--spans - and -o \(output.rawValue) both want standard output")
        }
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
        let results = LineSink.standardOutput()
        let display = display()
        let stack = try AgentTelemetry(
            AgentTelemetry.Settings(
                node: node.value, dryRun: policy.dryRun != .none, spans: telemetry.spans, otel: telemetry.otel(),
                logFormat: telemetry.logFormat ?? .text,
                logLevel: telemetry.logLevel ?? (telemetry.writesLog ? .info : nil),
                serverAddress: location.serverAddress, reporting: reporting.settings), time: time,
            extra: observers(policy, display, results))
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
            for await _ in signals.stream {
                guard await controller.cancel(uncordon: false) else { continue }
                display.say("cancelling: nothing more is evicted; who is terminating already goes on")
            }
        }
        let drawing = Task { await display.follow({ DrainView(stack.progress.current) }, time: time) }
        guard let summary = await controller.outcome() else { return AgentExit.cancelled }
        interrupts.cancel()
        drawing.cancel()
        await drawing.value
        conclude(stack.progress.current, summary, at: time.now(), display, results)
        if let problem = stack.writeTextfile(telemetry.textfile) {
            Complaint.say("drain-agent: textfile not written: \(problem)")
        }
        async let exported: Void = stack.finishExport(within: .seconds(2))
        await stack.finishSpans(within: .seconds(2))
        await stack.finishReports(within: .seconds(2))
        await exported
        await server?.stop()
        await cluster.client.shutdown()
        await display.flush()
        _ = await results.flush(within: .seconds(2))
        await stack.flush(within: .seconds(2))
        if summary.outcome == .failed {
            let step = NextStep.after(summary.reason, access: location.access)
            Complaint.say("drain-agent: \(summary.reason.onOneLine)\(step)")
        }
        return AgentExit.code(summary.outcome)
    }

    private func display() -> LiveDisplay {
        let descriptor: Int32 = output == nil ? 1 : 2
        var style = progress.style(descriptor: descriptor)
        // Lines that others write to it would tear the view.
        let others = telemetry.writesLog && Terminal.isTerminal(descriptor: 2) || telemetry.spans == "-"
        if others { style.isLive = false }
        return LiveDisplay(descriptor: descriptor, style: style)
    }

    private func observers(
        _ policy: DrainPolicy, _ display: LiveDisplay, _ results: LineSink
    ) -> [any DrainObserver] {
        let lines = ProgressLines { display.say($0) }
        guard output == .name else { return [lines] }
        return [lines, NameLines(policy) { results.write(Array($0.utf8)) }]
    }

    private func conclude(
        _ status: DrainStatus, _ summary: DrainSummary, at now: Timestamp, _ display: LiveDisplay, _ results: LineSink
    ) {
        if summary.outcome != .failed {
            for line in SummaryTable.lines(status, summary, at: now) { display.say(line) }
        }
        if summary.leftCordoned, summary.outcome != .completed {
            display.say(
                "node/\(node.value) is left cordoned: kubectl uncordon \(node.value) makes it schedulable again")
        }
        guard output == .json else { return }
        var document: [UInt8] = []
        JSONLine.append(status.json, to: &document)
        results.write(document)
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
