internal import KubernetesAPI
internal import Timestamps

extension ClusterModel {
    func get(_ resource: ResourceKind, _ namespace: String?, _ name: String) -> ModelResponse.Answer {
        if resource == .pods {
            guard let handle = pods.find(namespace: namespace ?? "", name: name), let record = pods[handle] else {
                return .status(.notFound(resource, name))
            }
            return .object(code: 200, .pod(record))
        }
        let query = ListQuery(resource, namespace: namespace, name: name)
        guard let object = objects(query).first else { return .status(.notFound(resource, name)) }
        return .object(code: 200, object)
    }

    func list(_ query: ListQuery) -> ModelResponse {
        var at = revision
        var start: PageToken?
        if let text = query.continueToken {
            guard let token = PageToken(text) else {
                return ModelResponse(.status(.badRequest("continue key is not valid: \"\(text)\"")))
            }
            if let wanted = token.revision {
                guard changes.after(wanted) != nil else {
                    let fresh = PageToken(revision: nil, namespace: token.namespace, name: token.name)
                    return ModelResponse(.status(.expiredContinue(fresh.text)))
                }
                at = wanted
            }
            start = token
        } else if let wanted = Int(query.resourceVersion) {
            guard wanted <= revision else {
                return ModelResponse(.status(.versionTooLarge(wanted, current: revision)), delay: .seconds(3))
            }
            if timing.cacheAge > .zero { at = max(wanted, changes.revision(at: now - timing.cacheAge)) }
        }
        return ModelResponse(.list(page(query, objects(query, at: at), at: at, from: start)))
    }

    private func page(_ query: ListQuery, _ objects: [ClusterObject], at revision: Int, from start: PageToken?)
        -> ObjectPage
    {
        var items = objects[...]
        if let start { items = items.drop { !start.isBefore($0.metadata) } }
        guard query.limit > 0, items.count > query.limit, let last = items.prefix(query.limit).last else {
            return ObjectPage(resource: query.resource, resourceVersion: String(revision), items: Array(items))
        }
        let token = PageToken(revision: revision, namespace: last.metadata.namespace, name: last.metadata.name)
        return ObjectPage(
            resource: query.resource, resourceVersion: String(revision), items: Array(items.prefix(query.limit)),
            continueToken: token.text)
    }

    func watch(_ query: ListQuery) -> ModelResponse.Answer {
        guard let from = Int(query.resourceVersion), from > 0 else {
            return .watching(after: revision, initial: objects(query))
        }
        guard changes.after(from) != nil else { return .status(.expiredWatch) }
        return .watching(after: from, initial: [])
    }

    /// The objects as they were at a revision that is still remembered: the present, with the changes since undone.
    private func objects(_ query: ListQuery, at wanted: Int) -> [ClusterObject] {
        let present = objects(query)
        guard wanted < revision, let since = changes.after(wanted), !since.isEmpty else { return present }
        var byKey: [[String]: ClusterObject] = [:]
        for object in present { byKey[[object.metadata.namespace, object.metadata.name]] = object }
        for change in since.reversed() where change.object.resource == query.resource {
            let key = [change.object.metadata.namespace, change.object.metadata.name]
            byKey[key] = change.previous.flatMap { query.matches($0) ? $0 : nil }
        }
        return byKey.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
    }

    /// What is there now and matches, in the API's order.
    func objects(_ query: ListQuery) -> [ClusterObject] {
        switch query.resource {
        case .pods: return matchingPods(query)
        case .nodes: return sorted(nodes.lazy.filter { !$0.isDeleted }.map(ClusterObject.node), query)
        case .budgets: return sorted(budgets.lazy.filter { !$0.isDeleted }.map(ClusterObject.budget), query)
        case .namespaces: return sorted(namespaces.map(ClusterObject.namespace), query)
        case .events: return sorted(postedEvents.map(ClusterObject.event), query)
        case .leases: return sorted(leases.map(ClusterObject.lease), query)
        case .volumeAttachments: return sorted(attachments.map(ClusterObject.volumeAttachment), query)
        case .deployments, .replicaSets, .statefulSets, .daemonSets, .jobs, .replicationControllers:
            return sorted(workloadViews(query.resource).map(ClusterObject.workload), query)
        }
    }

    private func matchingPods(_ query: ListQuery) -> [ClusterObject] {
        var found: [ClusterObject] = []
        pods.forEach { handle, facts in
            if let node = query.node, facts.nodeName != node { return }
            if let object = pods.object(handle), query.matches(object) { found.append(object) }
        }
        return found
    }

    private func sorted(_ objects: some Sequence<ClusterObject>, _ query: ListQuery) -> [ClusterObject] {
        objects.filter(query.matches).sorted {
            ($0.metadata.namespace, $0.metadata.name) < ($1.metadata.namespace, $1.metadata.name)
        }
    }
}

/// Where a page ended. The text is opaque to clients.
struct PageToken: Equatable {
    /// The list's revision; `nil`: whatever is there now.
    var revision: Int?
    var namespace: String
    var name: String

    init(revision: Int?, namespace: String, name: String) {
        self.revision = revision
        self.namespace = namespace
        self.name = name
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "now" || Int(parts[0]) != nil else { return nil }
        self.init(revision: Int(parts[0]), namespace: String(parts[1]), name: String(parts[2]))
    }

    var text: String { "\(revision.map(String.init) ?? "now")/\(namespace)/\(name)" }

    /// Is the object one of a later page?
    func isBefore(_ metadata: ObjectMeta) -> Bool { (namespace, name) < (metadata.namespace, metadata.name) }
}
