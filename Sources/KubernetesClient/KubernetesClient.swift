public import HTTPClient
public import KubernetesAPI
public import Timestamps

/// Sends requests that are values to an API server and tells the whole story of each.
public final class KubernetesClient: Sendable {
    private let transport: APITransport
    private let discovery = EvictionDiscovery()

    /// `userAgent`: e.g. `drain-agent/1.0`. The client uses `http` and shuts it down with itself.
    public init(
        access: ClusterAccess, http: HTTPClient, userAgent: String, time: TimeSource, files: FileReader = .local
    ) {
        transport = APITransport(access: access, http: http, userAgent: userAgent, time: time, files: files)
    }

    /// One request, with all that belongs to it: discovery before the first eviction, the pages of a list, a second try
    /// with a fresh credential.
    public func send(_ request: APIRequest) async -> Exchange {
        let sent = transport.time.now()
        let reply: Reply
        switch request.call {
        case .listPods:
            reply = await PodLister(transport: transport, traceparent: request.traceparent).list(request.call)
        case .evict: reply = await evict(request)
        default: reply = await exchange(request, eviction: .v1)
        }
        return Exchange(
            answer: reply.answer, auditID: reply.auditID, retryAfter: reply.retryAfter, sent: sent,
            received: transport.time.now())
    }

    /// The pods of a node, as they change. Ending the iteration closes the connection.
    public func watchPods(_ request: WatchRequest, traceparent: String? = nil) -> AsyncStream<WatchSignal> {
        watch(Pod.self, request.wire, traceparent: traceparent)
    }

    /// Objects as they change, on a connection of their own: ends with exactly one `.ended`.
    ///
    /// A consumer that lags by 1,000 events has its watch ended.
    public func watch<Object>(
        _ object: Object.Type, _ request: WireRequest, traceparent: String? = nil
    ) -> AsyncStream<ObjectSignal<Object>> {
        ObjectWatch<Object>(transport: transport, request: request, traceparent: traceparent).signals()
    }

    /// Ends what is in flight, watches included, and every later request.
    public func shutdown() async { await transport.shutdown() }

    private func evict(_ request: APIRequest) async -> Reply {
        switch await discovery.finding(transport) {
        case .version(let version): await exchange(request, eviction: version)
        case .unserved: await exchange(request, eviction: .v1)
        case .refused(let reply): reply
        }
    }

    private func exchange(_ request: APIRequest, eviction: PolicyVersion) async -> Reply {
        let wire = request.call.wire(eviction: eviction)
        switch await transport.send(wire, traceparent: request.traceparent) {
        case .failure(let failure): return Reply(failure)
        case .success(let response):
            return Reply(response, now: transport.time.now()) { body in
                try APIObject(answering: request.call, body)
            }
        }
    }
}
