internal import KubernetesAPI
public import Timestamps

extension ClusterModel {
    /// Answers a request that arrives at `moment`; everything due by then has happened first.
    public mutating func handle(_ request: ModelRequest, at moment: Timestamp) -> ModelResponse {
        advance(to: moment)
        var late = Duration.zero
        switch faults.isEmpty ? nil : faults.strike(request, at: now, &random) {
        case .refuse(let status): return ModelResponse(.status(status), retryAfterSeconds: Self.retryAfter(status))
        case .throttle(let seconds):
            return ModelResponse(
                .text(code: 429, "Too many requests, please try again later.\n"), retryAfterSeconds: seconds)
        case .unavailable: return ModelResponse(.text(code: 503, "service unavailable\n"))
        case .cut(let afterEffect):
            if afterEffect { _ = permitted(request) }
            return ModelResponse(.cut)
        case .delay(let duration): late = duration
        case nil: break
        }
        var response = permitted(request)
        response.delay += late
        if case .status(let status) = response.answer { response.retryAfterSeconds = Self.retryAfter(status) }
        return response
    }

    private static func retryAfter(_ status: APIStatus) -> Int? {
        status.details.flatMap { $0.retryAfterSeconds > 0 ? $0.retryAfterSeconds : nil }
    }

    private mutating func permitted(_ request: ModelRequest) -> ModelResponse {
        if let needed = request.access, !access.denied.isEmpty, !access.allows(needed) {
            return ModelResponse(.status(access.refusal(needed)))
        }
        if case .evict(let eviction) = request { return evict(eviction) }
        if case .list(let query) = request { return list(query) }
        return ModelResponse(answer(request))
    }

    private mutating func answer(_ request: ModelRequest) -> ModelResponse.Answer {
        switch request {
        case .get(let resource, let namespace, let name): get(resource, namespace, name)
        case .watch(let query): watch(query)
        case .deletePod(let deletion): delete(deletion)
        case .patchNode(let name, let patch, let dryRun): self.patch(node: name, patch, dryRun: dryRun)
        case .patchBudget(let namespace, let name, let patch): self.patch(budget: name, in: namespace, patch)
        case .deleteBudget(let namespace, let name): remove(budget: name, in: namespace)
        case .readScale(let resource, let namespace, let name): get(resource, namespace, name)
        case .scale(let resource, let namespace, let name, let replicas): scale(resource, namespace, name, to: replicas)
        case .createEvent(let event): create(event)
        case .createLease(let lease): create(lease)
        case .updateLease(let lease): update(lease)
        case .reviewAccess(let attributes): .allowed(access.allows(attributes))
        case .reviewSelf: .identity(access)
        case .readVersion: .version
        case .evict(let eviction): evict(eviction).answer
        case .list(let query): list(query).answer
        }
    }

    private mutating func remove(budget name: String, in namespace: String) -> ModelResponse.Answer {
        guard budget(namespace, name) != nil else { return .status(.notFound(.budgets, name)) }
        perform(.deleteBudget(namespace: namespace, name: name))
        var status = APIStatus.created
        status.code = 200
        return .status(status)
    }

    private mutating func scale(
        _ resource: ResourceKind, _ namespace: String, _ name: String, to replicas: Int
    ) -> ModelResponse.Answer {
        let found = get(resource, namespace, name)
        guard case .object = found else { return found }
        perform(.scale(namespace: namespace, workload: name, replicas: replicas))
        return get(resource, namespace, name)
    }

    private mutating func create(_ event: EventRecord) -> ModelResponse.Answer {
        var event = event
        if event.metadata.name.isEmpty { event.metadata.name = event.generateName + random.suffix() }
        event.metadata.uid = random.uid()
        event.metadata.resourceVersion = String(nextRevision())
        event.metadata.creationTimestamp = second
        if postedEvents.count >= 1000 { postedEvents.removeFirst(100) }
        postedEvents.append(event)
        return .object(code: 201, .event(event))
    }

    private mutating func create(_ lease: LeaseRecord) -> ModelResponse.Answer {
        guard leaseIndex(lease) == nil else { return .status(.alreadyExists(.leases, lease.metadata.name)) }
        guard leases.count < 1000 else { return .status(.internalError("too many leases")) }
        var lease = lease
        lease.metadata.uid = random.uid()
        lease.metadata.creationTimestamp = second
        lease.metadata.resourceVersion = String(nextRevision())
        leases.append(lease)
        record(.added, .lease(lease), previous: nil)
        return .object(code: 201, .lease(lease))
    }

    private mutating func update(_ lease: LeaseRecord) -> ModelResponse.Answer {
        guard let index = leaseIndex(lease) else { return .status(.notFound(.leases, lease.metadata.name)) }
        let previous = leases[index]
        let version = lease.metadata.resourceVersion
        guard version.isEmpty || version == previous.metadata.resourceVersion else {
            return .status(.modified(.leases, lease.metadata.name))
        }
        var lease = lease
        lease.metadata.uid = previous.metadata.uid
        lease.metadata.creationTimestamp = previous.metadata.creationTimestamp
        lease.metadata.resourceVersion = String(nextRevision())
        leases[index] = lease
        record(.modified, .lease(lease), previous: .lease(previous))
        return .object(code: 200, .lease(lease))
    }

    private func leaseIndex(_ lease: LeaseRecord) -> Int? {
        leases.firstIndex {
            $0.metadata.namespace == lease.metadata.namespace && $0.metadata.name == lease.metadata.name
        }
    }
}
