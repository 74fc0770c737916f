public import Timestamps

/// An Event, as `kubectl get events` shows it: something that happened to an object, for the people who look at it.
public struct ClusterEvent: Sendable, Equatable {
    public enum Level: String, Sendable { case normal = "Normal", warning = "Warning" }

    /// What it is about.
    public enum Subject: Sendable, Hashable {
        /// Events of nodes are kept in namespace `default`, and found by the node's *name* as UID, as the kubelet writes
        /// them.
        case node(String)
        case pod(PodIdentity)
    }

    public var subject: Subject
    /// Its own name; the same happening keeps it, so that repetitions count up instead of piling up.
    public var name: String
    /// One CamelCase word.
    public var reason: String
    /// At most 1024 bytes.
    public var message: String
    public var level: Level
    public var count: Int
    public var firstSeen: Timestamp
    public var lastSeen: Timestamp

    public init(
        subject: Subject, name: String, reason: String, message: String, level: Level = .normal, count: Int = 1,
        firstSeen: Timestamp, lastSeen: Timestamp
    ) {
        self.subject = subject
        self.name = name
        self.reason = reason
        self.message = message
        self.level = level
        self.count = count
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
    }

    public var namespace: String {
        switch subject {
        case .node: "default"
        case .pod(let pod): pod.namespace
        }
    }
}
