/// What to watch, from where on.
public struct WatchRequest: Sendable, Equatable {
    public enum Topic: Sendable, Hashable {
        /// The pods bound to this node.
        case pods(node: String)
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

    public var wire: WireRequest {
        switch topic {
        case .pods(let node):
            WireRequest(
                method: "GET",
                target: "/api/v1/pods"
                    + APICall.query([
                        ("fieldSelector", "spec.nodeName=\(node)"), ("watch", "1"), ("allowWatchBookmarks", "true"),
                        ("resourceVersion", resourceVersion), ("timeoutSeconds", String(timeoutSeconds)),
                    ]),
                template: "/api/v1/pods")
        }
    }
}
