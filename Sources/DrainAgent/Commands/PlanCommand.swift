import ArgumentParser
import DrainEngine
import DrainTelemetry
import KubernetesClient
import Telemetry
import Timestamps

struct PlanCommand: AgentCommand {
    enum Output: String, ExpressibleByArgument, CaseIterable, Sendable { case table, wide, json, yaml }

    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Says what a drain of a node would meet, and touches nothing.",
        discussion: """
            Asks the API server for each pod's eviction with dryRun, reads the disruption budgets, and works out what would
            go now, what has to wait and for how many rounds, and what can never go and why. Exit codes: 0 all can go,
            3 some never can, or the drain would refuse to begin, 1 no plan could be made, 64 usage.
            """)

    @Argument(help: "The node's name.", completion: .nodes)
    var node: NodeName

    @Option(name: [.customShort("o"), .long], help: "table, wide (with tiers and answers), json or yaml.")
    var output = Output.table

    @Option(help: "Give up if the pods could not be listed by then.")
    var startupTimeout = DurationArgument(.seconds(30))

    @OptionGroup var pods: PodOptions
    @OptionGroup var refusals: RefusalOptions
    @OptionGroup var cluster: ClusterOptions

    func execute(_ signals: SignalFeed) async -> Int32 {
        do { return try await plan(signals) } catch { return Complaint.exit(error) }
    }

    private func plan(_ signals: SignalFeed) async throws -> Int32 {
        let time = TimeSource.anchored()
        var policy = try pods.policy(node: node.value)
        policy.refusals = refusals.refusals
        policy.startupTimeout = startupTimeout.value
        let access = try ClusterLocation(cluster).access
        let cluster = Cluster(access, api: APIMetrics(Registry()), time: time)
        let planner = Planner(cluster: cluster, policy: policy, time: time)
        let result = await planner.plan(own: nil, cancelled: signals.stream)
        await cluster.client.shutdown()
        switch result {
        case .failure(let failure):
            let step = NextStep.after(failure.reason, access: access)
            Complaint.say("drain-agent: \(failure.reason.onOneLine)\(step)")
            return failure.outcome == .cancelled ? AgentExit.cancelled : AgentExit.failed
        case .success(let plan):
            let out = LineSink.standardOutput()
            out.write(Array(text(plan).utf8))
            _ = await out.flush(within: .seconds(2))
            return plan.forecast.canComplete ? AgentExit.completed : AgentExit.incomplete
        }
    }

    private func text(_ plan: Plan) -> String {
        switch output {
        case .table, .wide:
            let table = PlanTable(forecast: plan.forecast, isWide: output == .wide)
            return table.lines.joined(separator: "\n") + "\n"
        case .json:
            var bytes: [UInt8] = []
            JSONLine.append(plan.json, to: &bytes)
            return String(decoding: bytes, as: UTF8.self) + "\n"
        case .yaml: return YAMLText.render(plan.json)
        }
    }
}
