public import HTTPClient
public import KubernetesAPI
public import Timestamps

/// Sends requests that are values to an API server and tells the whole story of each.
public final class KubernetesClient: Sendable {
    private let transport: APITransport
    private let evictions = PolicyDiscovery.evictions
    private let budgets = PolicyDiscovery.budgets

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
        case .listPods, .listSelectedPods: reply = await list(Pod.self, request) { .pods($0) }
        case .listLeases: reply = await list(Lease.self, request) { .leases($0.items) }
        case .listVolumeAttachments:
            reply = await list(VolumeAttachment.self, request) { .volumeAttachments($0.items) }
        case .listBudgets: reply = await listBudgets(request)
        case .evict: reply = await evict(request)
        case .readNode, .patchNode, .setNodeConditions, .readWorkload, .restartRollout, .createEvent, .repeatEvent,
            .createLease, .replaceLease, .deleteLease, .deletePod, .readDaemonSet, .readPod, .mayEvict, .whoAmI,
            .version:
            reply = await exchange(request, eviction: .v1)
        }
        return Exchange(
            answer: reply.answer, auditID: reply.auditID, retryAfter: reply.retryAfter, sent: sent,
            received: transport.time.now())
    }

    /// Objects as they change, on a connection of their own: ends with exactly one `.ended`.
    ///
    /// Ending the iteration closes the connection. A consumer that lags by 1,000 events has its watch ended.
    public func watch(_ request: WatchRequest, traceparent: String? = nil) -> AsyncStream<WatchSignal> {
        switch request.topic {
        case .pods: watch(request, traceparent) { (pod: Pod) in .pod(pod) }
        case .node: watch(request, traceparent) { (node: Node) in .node(node) }
        case .budgets:
            ObjectWatch<Budget>(transport: transport, traceparent: traceparent) { [budgets, transport] in
                await budgets.version(transport, traceparent: traceparent).map { version in
                    .init(wire: request.wire(budgets: version), timeout: .seconds(request.timeoutSeconds)) {
                        .budget($0.read(as: version))
                    }
                }
            }.signals()
        }
    }

    private func watch<Object: Decodable & Sendable & Equatable>(
        _ request: WatchRequest, _ traceparent: String?, _ object: @escaping @Sendable (Object) -> WatchedObject
    ) -> AsyncStream<WatchSignal> {
        ObjectWatch<Object>(transport: transport, traceparent: traceparent) {
            .success(.init(wire: request.wire(), timeout: .seconds(request.timeoutSeconds), object: object))
        }.signals()
    }

    /// Ends what is in flight, watches included, and every later request.
    public func shutdown() async { await transport.shutdown() }

    private func evict(_ request: APIRequest) async -> Reply {
        switch await evictions.version(transport, traceparent: request.traceparent) {
        case .success(let version): return await exchange(request, eviction: version)
        case .failure(let unknown):
            var reply = unknown.reply
            // It is another request's: no eviction is in the audit log.
            reply.auditID = nil
            return reply
        }
    }

    private func listBudgets(_ request: APIRequest) async -> Reply {
        switch await budgets.version(transport, traceparent: request.traceparent) {
        case .failure(let unknown): unknown.reply
        case .success(let version):
            await list(Budget.self, request, budgets: version) { list in
                .budgets(
                    ObjectList(
                        resourceVersion: list.resourceVersion, items: list.items.map { $0.read(as: version) }))
            }
        }
    }

    private func list<Item: Decodable & Sendable & Equatable>(
        _ item: Item.Type, _ request: APIRequest, budgets: PolicyVersion = .v1,
        _ object: @escaping (ObjectList<Item>) -> APIObject
    ) async -> Reply {
        await ObjectLister(
            transport: transport, traceparent: request.traceparent, budgets: budgets, object: object
        ).list(request.call)
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
