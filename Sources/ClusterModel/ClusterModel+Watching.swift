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

    /// The same for the pods of a node, as a client decodes it. `revision` moves on to what has been told.
    public func podEvents(after revision: inout Int, node: String) throws(APIStatus) -> [WatchEvent<Pod>] {
        let seen = try changes(after: revision, matching: ListQuery(.pods, node: node))
        revision = max(revision, self.revision)
        return seen.compactMap { change in
            guard case .pod(let record) = change.object else { return nil }
            switch change.kind {
            case .added: return .added(record.pod)
            case .modified: return .modified(record.pod)
            case .deleted: return .deleted(record.pod)
            }
        }
    }
}
