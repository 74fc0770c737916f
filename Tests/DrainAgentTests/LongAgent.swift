import ClusterModel
import DrainEngine
import HTTPClient
import HTTPServer
import KubernetesAPI
import KubernetesClient
import Testing
import Timestamps

@testable import DrainAgent

/// All that an agent is made of, in this process and before a cluster of its own, but for one thing: it drains as often as
/// it is told to.
struct LongAgent: Sendable {
    private let simulated: TestCluster
    private let cluster: Cluster
    private let telemetry: AgentTelemetry
    private let time: TimeSource
    private let http: HTTPClient
    private let address: String

    static func with(count: Int, _ body: ([LongAgent]) async throws -> Void) async throws {
        try await with(count: count, [], body)
    }

    private static func with(
        count: Int, _ others: [LongAgent], _ body: ([LongAgent]) async throws -> Void
    ) async throws {
        guard others.count < count else { return try await body(others) }
        // What a cluster remembers is soon as much as it will ever be.
        try await TestCluster.with(watchLog: 200) {
            $0.addShop()
        } _: { simulated in
            let time = TimeSource.anchored()
            let telemetry = try AgentTelemetry(
                AgentTelemetry.Settings(
                    node: TestCluster.node, dryRun: false, spans: "/dev/null", logFormat: .json, logLevel: nil,
                    serverAddress: "127.0.0.1"), time: time)
            let cluster = Cluster(ClusterAccess(server: simulated.server), api: telemetry.api, time: time)
            let idle = DrainController(
                cluster: cluster, telemetry: telemetry, policy: DrainPolicy(node: TestCluster.node), timeout: nil,
                time: time)
            let routes = AgentRoutes(
                telemetry: telemetry, controller: idle, readiness: Readiness(ownPod: .none), linger: Linger(time: time),
                gate: ControlGate(tokenFile: nil), httpPrestop: false, node: TestCluster.node)
            let server = HTTPServer(routes: routes.all)
            let bound = try server.start(.tcp(host: "127.0.0.1", port: 0))
            let agent = LongAgent(
                simulated: simulated, cluster: cluster, telemetry: telemetry, time: time, http: HTTPClient(),
                address: "http://\(bound)")
            try await with(count: count, others + [agent], body)
            await agent.http.shutdown()
            await server.stop(grace: .seconds(1))
            await cluster.client.shutdown()
        }
    }

    /// From one node to the other and back; `times`: even.
    func drain(times: Int) async throws {
        for number in 0..<times { try await drain(number % 2 == 0 ? TestCluster.node : "node-b") }
    }

    private func drain(_ node: String) async throws {
        let controller = DrainController(
            cluster: cluster, telemetry: telemetry, policy: DrainPolicy(node: node), timeout: nil, time: time)
        _ = await controller.start(DrainDemand(.http), own: nil, agent: "kube-system/drain-agent")
        let summary = await controller.outcome()
        try #require(summary?.outcome == .completed)
        for path in ["/metrics", "/drain"] {
            let response = try await http.send(HTTPRequest(method: "GET", url: address + path)).get()
            try #require(response.status == 200)
        }
        simulated.change { $0.perform(.setUnschedulable(node: node, false)) }
    }
}
