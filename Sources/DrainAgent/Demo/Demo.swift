import DrainEngine
import DrainTelemetry
import FoundationEssentials
import Glibc
import HTTPServer
import KubernetesAPI
import KubernetesClient
import SimulatedCluster
import Telemetry
import Timestamps

/// `drain-agent demo`: the real agent against a simulated API server, over HTTP, with a display to watch.
struct Demo {
    private let options: DemoCommand
    private let world: DemoCluster
    private let directory: String
    private let time = TimeSource.anchored()

    init(_ options: DemoCommand) throws {
        self.options = options
        world = try DemoCluster(port: options.port)
        directory = try options.directory ?? Self.newDirectory()
        try Directory.make(directory)
    }

    func run(_ signals: SignalFeed) async throws -> Int32 {
        let kubeconfig = "\(directory)/kubeconfig"
        try Data(world.kubeconfig.utf8).write(to: URL(fileURLWithPath: kubeconfig))
        let node = DemoScenario.node
        let access = try ClusterAccess.load(.kubeconfig(paths: [kubeconfig], context: nil), environment: [:])
        let logs = try LineSink.open(path: "\(directory)/log.jsonl", onFate: { _, _ in })
        let log = DrainLog(node: node, boot: "demo") { logs.write($0.json()) }
        let display = LiveDisplay(descriptor: 1, style: options.progress.style(descriptor: 1))
        let telemetry = try AgentTelemetry(
            AgentTelemetry.Settings(
                node: node, dryRun: false, spans: "\(directory)/spans.jsonl", logFormat: .json, logLevel: nil,
                serverAddress: "127.0.0.1"), time: time, extra: [log, ProgressLines { display.say($0) }])
        let cluster = Cluster(access, api: telemetry.api, time: time)
        telemetry.report(to: cluster)
        let controller = DrainController(
            cluster: cluster, telemetry: telemetry, policy: DrainPolicy(node: node), timeout: nil, time: time)
        let server = try serve(telemetry, controller)
        display.say(
            "Draining \(node) of a simulated cluster (API server \(world.server)); metrics: http://\(server.addresses[0])/metrics"
        )
        _ = await controller.start(DrainDemand(.command), own: nil)
        // Only now is there something to cancel; signals that came before wait in the stream.
        let interrupts = Task {
            for await _ in signals.stream { _ = await controller.cancel(uncordon: false) }
        }
        let drawing = Task { await display.follow({ DrainView(telemetry.progress.current) }, time: time) }
        guard let summary = await controller.outcome() else { return AgentExit.cancelled }
        drawing.cancel()
        await drawing.value
        interrupts.cancel()
        try Data(PrometheusText.render(telemetry.registry.collect())).write(
            to: URL(fileURLWithPath: "\(directory)/metrics.txt"))
        await telemetry.flush(within: .seconds(2))
        await logs.close(within: .seconds(2))
        for line in SummaryTable.lines(telemetry.progress.current, summary, at: time.now()) + farewell() {
            display.say(line)
        }
        await display.flush()
        await telemetry.finishReports(within: .seconds(2))
        await server.stop()
        await cluster.client.shutdown()
        await world.cluster.stop()
        return AgentExit.code(summary.outcome)
    }

    private func serve(_ telemetry: AgentTelemetry, _ controller: DrainController) throws -> AgentServer {
        let readiness = Readiness(ownPod: .none)
        readiness.reached()
        let routes = AgentRoutes(
            telemetry: telemetry, controller: controller, readiness: readiness, linger: Linger(time: time),
            gate: ControlGate(tokenFile: nil), httpPrestop: false, node: DemoScenario.node)
        let server = AgentServer(routes.all, telemetry: telemetry)
        do { try server.listen(on: ListenAddress(parsing: options.listen)) } catch {
            // The usual port is taken: any other will do for a demo.
            try server.listen(on: .tcp(host: "127.0.0.1", port: 0))
        }
        return server
    }

    private func farewell() -> [String] {
        [
            "", "metrics   \(directory)/metrics.txt   (the last scrape, Prometheus text format)",
            "spans     \(directory)/spans.jsonl   (OTLP JSON, one span a line)",
            "logs      \(directory)/log.jsonl",
        ]
    }

    private static func newDirectory() throws -> String {
        var template = Array("\(FileManager.default.temporaryDirectory.path())drain-agent-demo-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw Directory.Failure(
                description: "no directory for the demo's files: \(String(cString: strerror(errno)))")
        }
        return String(cString: made)
    }
}
