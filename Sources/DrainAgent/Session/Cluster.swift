import DrainEngine
import DrainTelemetry
import FoundationEssentials
import Glibc
import HTTPClient
import KubernetesAPI
import KubernetesClient
import Telemetry
import Timestamps

/// The API server we act on, with every request measured.
struct Cluster: Sendable {
    let client: KubernetesClient
    let send: @Sendable (APIRequest) async -> Exchange
    private let api: APIMetrics
    private let time: TimeSource

    init(_ access: ClusterAccess, api: APIMetrics, time: TimeSource) {
        let client = KubernetesClient(
            access: access, http: HTTPClient(), userAgent: BuildVersion.userAgent, time: time)
        self.client = client
        self.api = api
        self.time = time
        send = api.measuring { await client.send($0) }
    }

    /// For what a SIGTERM cannot wait for: two seconds, then no answer.
    var quickSend: @Sendable (APIRequest) async -> Exchange {
        { [send, time] request in
            let sent = time.now()
            let late = Exchange(
                answer: .failure(TransportFailure(.timeout, "no answer within 2 s")), sent: sent,
                received: sent + .seconds(2))
            return await withTaskGroup(of: Exchange.self) { group in
                group.addTask { await send(request) }
                group.addTask {
                    await pause(for: .seconds(2))
                    return late
                }
                defer { group.cancelAll() }
                return await group.next() ?? late
            }
        }
    }

    /// Until that moment.
    var sleep: @Sendable (Timestamp) async -> Void {
        { [time] moment in await pause(for: moment - time.now()) }
    }

    /// What something acts on that is in no trace.
    var untracedEnvironment: DrainRunner.Environment { environment(watchesIn: nil) }

    /// What a drain acts on.
    func environment(_ trace: DrainTrace) -> DrainRunner.Environment {
        var environment = environment(watchesIn: TraceParent(traceID: trace.traceID, spanID: trace.root).header)
        environment.traceparent = { trace.traceparent(for: $0) }
        return environment
    }

    private func environment(watchesIn traceparent: String?) -> DrainRunner.Environment {
        let watch = api.measuring { [client] in client.watch($0, traceparent: traceparent) }
        return DrainRunner.Environment(send: send, watch: watch, sleep: sleep, time: time)
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
