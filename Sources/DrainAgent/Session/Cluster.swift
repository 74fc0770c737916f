import DrainEngine
import DrainTelemetry
import FoundationEssentials
import Glibc
import HTTPClient
import KubernetesAPI
import KubernetesClient
import Timestamps

/// The API server we act on, with every request measured.
struct Cluster: Sendable {
    let client: KubernetesClient
    let send: @Sendable (APIRequest) async -> Exchange
    let watch: @Sendable (WatchRequest) -> AsyncStream<WatchSignal>
    let isInCluster: Bool

    init(_ access: ClusterAccess, isInCluster: Bool, api: APIMetrics, time: TimeSource) {
        let client = KubernetesClient(
            access: access, http: HTTPClient(), userAgent: BuildVersion.userAgent, time: time)
        self.client = client
        self.isInCluster = isInCluster
        send = api.measuring { await client.send($0) }
        watch = api.measuring { client.watchPods($0) }
    }

    /// What a drain acts on.
    func environment(_ trace: DrainTrace, time: TimeSource) -> DrainRunner.Environment {
        DrainRunner.Environment(
            send: send, watch: watch,
            sleep: { moment in
                // Cancelled: the runner asks for another time, and this one means nothing any more.
                _ = try? await Task.sleep(for: max(.zero, moment - time.now()))
            },
            time: time, traceparent: { trace.traceparent(for: $0) })
    }
}

/// Where the credentials come from, and the host for the spans.
struct ClusterLocation {
    let access: ClusterAccess
    let isInCluster: Bool

    init(_ options: ClusterOptions) throws(ClusterAccessError) {
        let environment = ProcessInfo.processInfo.environment
        let source = AccessSource.discover(
            environment: environment, kubeconfigFlag: options.kubeconfig, contextFlag: options.context)
        access = try ClusterAccess.load(source, environment: environment)
        isInCluster = source == .inCluster
    }

    /// The API server's host, as spans name it.
    var serverAddress: String { URL(string: access.server)?.host() ?? access.server }
}
