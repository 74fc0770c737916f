public import KubernetesAPI

extension ClusterModel {
    /// Every change that is remembered, oldest first: the cluster's history, for comparing runs.
    public var history: [ClusterChange] { changes.all }

    /// What a watch that has seen `revision` has still to be told.
    ///
    /// An object that comes to match is an addition and one that no longer does a deletion, as in the API.
    public func changes(after revision: Int, matching query: ListQuery) throws(APIStatus) -> [ClusterChange] {
        guard let since = changes.after(revision) else { throw .expiredWatch }
        var seen: [ClusterChange] = []
        for change in since {
            guard change.object.resource == query.resource else { continue }
            let matches = change.kind != .deleted && query.matches(change.object)
            let matched = change.previous.map(query.matches) ?? false
            var change = change
            switch (matched, matches) {
            case (false, false): continue
            case (false, true): change.kind = .added
            case (true, true): change.kind = .modified
            case (true, false): change.kind = .deleted
            }
            seen.append(change)
        }
        return seen
    }

    /// The same as a client decodes it. `revision` moves on to what has been told.
    public func events(
        after revision: inout Int, of topic: WatchRequest.Topic
    ) throws(APIStatus) -> [WatchEvent<WatchedObject>] {
        let seen = try changes(after: revision, matching: ListQuery(topic))
        revision = max(revision, self.revision)
        return seen.compactMap { change in
            guard let object = change.object.watched else { return nil }
            switch change.kind {
            case .added: return .added(object)
            case .modified: return .modified(object)
            case .deleted: return .deleted(object)
            }
        }
    }
}

extension ListQuery {
    /// What a watch of this shows.
    public init(_ topic: WatchRequest.Topic, resourceVersion: String = "") {
        switch topic {
        case .pods(let node): self.init(.pods, node: node, resourceVersion: resourceVersion)
        case .node(let name): self.init(.nodes, name: name, resourceVersion: resourceVersion)
        case .budgets(let namespace): self.init(.budgets, namespace: namespace, resourceVersion: resourceVersion)
        }
    }
}

extension ClusterObject {
    fileprivate var watched: WatchedObject? {
        switch self {
        case .pod(let record): .pod(record.pod)
        case .node(let record): .node(record.node)
        case .budget(let record): .budget(record.budget)
        case .workload, .namespace, .event, .lease, .volumeAttachment: nil
        }
    }
}
