public import KubernetesAPI
public import Timestamps

// The model as an API server for a client that speaks in calls and exchanges, without any wire between them.
extension ClusterModel {
    /// Answers `call`, sent and arriving at `moment`. The answer is received after the response's delay.
    public mutating func exchange(_ call: APICall, at moment: Timestamp) -> Exchange {
        let response = handle(ModelRequest(call), at: moment)
        return Exchange(
            answer: Self.answer(response.answer, to: call), retryAfter: response.retryAfterSeconds.map { .seconds($0) },
            sent: moment, received: moment + response.delay)
    }

    private static func answer(_ answer: ModelResponse.Answer, to call: APICall) -> Exchange.Answer {
        switch answer {
        case .object(let code, let object): .success(code: code, read(object, answering: call))
        case .list(let page): .success(code: 200, read(page))
        case .status(let status) where status.isSuccess: .success(code: status.code, .other)
        case .status(let status): .refusal(status.status)
        case .text(let code, let text): .refusal(Status(code: code, message: text))
        case .allowed(let verdict): .success(code: 201, .allowed(verdict))
        case .identity(let rules):
            .success(
                code: 201,
                .identity(
                    SelfIdentity(
                        username: rules.username, podName: rules.podName, podUID: rules.podUID,
                        nodeName: rules.nodeName)))
        case .version, .watching: .success(code: 200, .other)
        case .cut: .failure(TransportFailure(.reset, "connection reset by the model"))
        }
    }

    /// A client reads the objects that it asked for, and no others.
    private static func read(_ object: ClusterObject, answering call: APICall) -> APIObject {
        switch (call, object) {
        case (.readNode, .node(let record)), (.patchNode, .node(let record)): .node(record.node)
        case (.readPod, .pod(let record)): .pod(record.pod)
        case (.readWorkload, .workload(let view)): .workload(view.workload)
        case (.createLease, .lease(let lease)), (.replaceLease, .lease(let lease)): .lease(lease)
        default: .other
        }
    }

    private static func read(_ page: ObjectPage) -> APIObject {
        switch page.resource {
        case .pods: .pods(list(page) { if case .pod(let record) = $0 { record.pod } else { nil } })
        case .budgets: .budgets(list(page) { if case .budget(let record) = $0 { record.budget } else { nil } })
        case .leases: .leases(list(page) { if case .lease(let lease) = $0 { lease } else { nil } }.items)
        case .volumeAttachments:
            .volumeAttachments(
                list(page) { if case .volumeAttachment(let attachment) = $0 { attachment } else { nil } }.items)
        case .nodes, .namespaces, .events, .deployments, .jobs, .replicaSets, .statefulSets, .daemonSets,
            .replicationControllers:
            .other
        }
    }

    private static func list<Item>(
        _ page: ObjectPage, _ item: (ClusterObject) -> Item?
    ) -> ObjectList<Item> {
        ObjectList(resourceVersion: page.resourceVersion, items: page.items.compactMap(item))
    }
}
