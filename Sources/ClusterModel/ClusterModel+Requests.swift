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
        case .patchWorkload(let resource, let namespace, let name, let patch):
            self.patch(resource, namespace, name, patch)
        case .createEvent(let event): create(event)
        case .patchEvent(let namespace, let name, let patch): self.patch(event: name, in: namespace, patch)
        case .createLease(let lease): create(lease)
        case .updateLease(let lease): update(lease)
        case .deleteLease(let namespace, let name, let version): remove(lease: name, in: namespace, version)
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
        return .status(.done)
    }

    private mutating func patch(
        _ resource: ResourceKind, _ namespace: String, _ name: String, _ patch: WorkloadPatch
    ) -> ModelResponse.Answer {
        let found = get(resource, namespace, name)
        guard case .object = found else { return found }
        perform(.patchWorkload(namespace: namespace, workload: name, patch))
        return get(resource, namespace, name)
    }

    private mutating func scale(
        _ resource: ResourceKind, _ namespace: String, _ name: String, to replicas: Int
    ) -> ModelResponse.Answer {
        let found = get(resource, namespace, name)
        guard case .object = found else { return found }
        perform(.scale(namespace: namespace, workload: name, replicas: replicas))
        return get(resource, namespace, name)
    }
}
