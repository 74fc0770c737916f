/// What to watch, from where on.
public struct WatchRequest: Sendable, Equatable {
    public enum Topic: Sendable, Hashable {
        /// The pods bound to this node.
        case pods(node: String)
        /// The budgets of one namespace, or (`nil`) of all.
        case budgets(namespace: String?)
        case node(String)
    }

    public var topic: Topic
    public var resourceVersion: String
    /// The server ends the watch after so long; jittered by the caller so that a fleet does not come back at once.
    public var timeoutSeconds: Int

    public init(_ topic: Topic, resourceVersion: String, timeoutSeconds: Int) {
        self.topic = topic
        self.resourceVersion = resourceVersion
        self.timeoutSeconds = timeoutSeconds
    }

    public func wire(budgets: PolicyVersion = .v1) -> WireRequest {
        let target: (path: String, template: String, selector: String?) =
            switch topic {
            case .pods(let node): ("/api/v1/pods", "/api/v1/pods", "spec.nodeName=\(node)")
            case .node(let name): ("/api/v1/nodes", "/api/v1/nodes", "metadata.name=\(name)")
            case .budgets(let namespace):
                // The same collection as the list's.
                (
                    APICall.listBudgets(namespace: namespace, .consistent(chunkSize: 0)).wire(budgets: budgets).target,
                    APICall.listBudgets(namespace: namespace, .cache()).shape.template, nil
                )
            }
        return WireRequest(
            method: "GET",
            target: target.path
                + APICall.query(
                    (target.selector.map { [("fieldSelector", $0)] } ?? []) + [
                        ("watch", "1"), ("allowWatchBookmarks", "true"), ("resourceVersion", resourceVersion),
                        ("timeoutSeconds", String(timeoutSeconds)),
                    ]),
            template: target.template)
    }
}
