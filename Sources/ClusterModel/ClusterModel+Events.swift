internal import KubernetesAPI

extension ClusterModel {
    /// The oldest Events are forgotten.
    private static let eventLimit = 1000

    mutating func create(_ event: EventRecord) -> ModelResponse.Answer {
        var event = event
        if event.metadata.name.isEmpty { event.metadata.name = event.generateName + random.suffix() }
        let name = event.metadata.name
        if let refusal = refusal(of: .events, name, in: event.metadata.namespace) { return .status(refusal) }
        guard index(ofEvent: name, in: event.metadata.namespace) == nil else {
            return .status(.alreadyExists(.events, name))
        }
        event.metadata.uid = random.uid()
        event.metadata.resourceVersion = String(nextRevision())
        event.metadata.creationTimestamp = second
        if postedEvents.count >= Self.eventLimit { postedEvents.removeFirst(Self.eventLimit / 10) }
        postedEvents.append(event)
        return .object(code: 201, .event(event))
    }

    mutating func patch(event name: String, in namespace: String, _ patch: EventPatch) -> ModelResponse.Answer {
        guard let index = index(ofEvent: name, in: namespace) else { return .status(.notFound(.events, name)) }
        postedEvents[index].count = patch.count ?? postedEvents[index].count
        postedEvents[index].lastTimestamp = patch.lastTimestamp ?? postedEvents[index].lastTimestamp
        postedEvents[index].message = patch.message ?? postedEvents[index].message
        postedEvents[index].metadata.resourceVersion = String(nextRevision())
        return .object(code: 200, .event(postedEvents[index]))
    }

    /// Why nothing new may come into a namespace.
    func refusal(of resource: ResourceKind, _ name: String, in namespace: String) -> APIStatus? {
        guard let found = namespaces.first(where: { $0.metadata.name == namespace }) else {
            // Every cluster has these.
            let isSystem = namespace == "default" || namespace == "kube-system"
            return isSystem ? nil : .notFound(.namespaces, namespace)
        }
        return found.isTerminating ? .namespaceTerminating(namespace, resource, name) : nil
    }

    private func index(ofEvent name: String, in namespace: String) -> Int? {
        postedEvents.firstIndex { $0.metadata.namespace == namespace && $0.metadata.name == name }
    }
}
