public import KubernetesAPI
public import Timestamps

// The model as an API server for a client that speaks in calls and exchanges, without any wire between them.
extension ClusterModel {
    /// Answers `call`, sent and arriving at `moment`. The answer is received after the response's delay.
    public mutating func exchange(_ call: APICall, at moment: Timestamp) -> Exchange {
        let response = handle(Self.request(call), at: moment)
        return Exchange(
            answer: Self.answer(response.answer), retryAfter: response.retryAfterSeconds.map { .seconds($0) },
            sent: moment, received: moment + response.delay)
    }

    private static func request(_ call: APICall) -> ModelRequest {
        switch call {
        case .readNode(let name): .get(.nodes, namespace: nil, name: name)
        case .setUnschedulable(let node, let value, let dryRun):
            .patchNode(name: node, NodePatch(unschedulable: value), dryRun: dryRun)
        case .listPods(let node, .cache(let notBefore)):
            .list(ListQuery(.pods, node: node, resourceVersion: notBefore ?? "0"))
        case .listPods(let node, .consistent): .list(ListQuery(.pods, node: node))
        case .evict(let pod, let options):
            .evict(
                EvictionRequest(
                    namespace: pod.namespace, name: pod.name, uid: pod.uid,
                    gracePeriodSeconds: options.gracePeriodSeconds, dryRun: options.dryRun))
        case .deletePod(let pod, let options):
            .deletePod(
                PodDeletion(
                    namespace: pod.namespace, name: pod.name, uid: pod.uid,
                    gracePeriodSeconds: options.gracePeriodSeconds, dryRun: options.dryRun))
        case .readDaemonSet(let namespace, let name): .get(.daemonSets, namespace: namespace, name: name)
        case .readPod(let namespace, let name): .get(.pods, namespace: namespace, name: name)
        case .mayEvict(let namespace, let byDelete):
            .reviewAccess(
                byDelete
                    ? AccessAttributes("delete", .pods, namespace: namespace)
                    : AccessAttributes("create", .pods, subresource: "eviction", namespace: namespace))
        case .whoAmI: .reviewSelf
        case .version: .readVersion
        }
    }

    private static func answer(_ answer: ModelResponse.Answer) -> Exchange.Answer {
        switch answer {
        case .object(let code, .node(let record)): .success(code: code, .node(record.node))
        case .object(let code, .pod(let record)): .success(code: code, .pod(record.pod))
        case .object(let code, _): .success(code: code, .other)
        case .list(let list): .success(code: 200, list.resource == .pods ? .pods(podList(list)) : .other)
        case .status(let status) where status.isSuccess: .success(code: status.code, .other)
        case .status(let status): .refusal(status.status)
        case .text(let code, let text): .refusal(Status(code: code, message: text))
        case .allowed(let verdict): .success(code: 201, .allowed(verdict))
        case .identity(let rules):
            .success(
                code: 201,
                .identity(SelfIdentity(username: rules.username, podName: rules.podName, podUID: rules.podUID)))
        case .version, .watching: .success(code: 200, .other)
        case .cut: .failure(TransportFailure(.reset, "connection reset by the model"))
        }
    }

    private static func podList(_ list: ObjectList) -> PodList {
        PodList(
            resourceVersion: list.resourceVersion,
            items: list.items.compactMap { if case .pod(let record) = $0 { record.pod } else { nil } })
    }
}
