public import KubernetesAPI
public import Timestamps

/// A pod as the cluster knows it: what the API shows, and how it behaves.
public struct PodRecord: Sendable, Equatable {
    public var pod: Pod
    public var container: Container
    /// From binding to Ready.
    public var readyAfter: Delay
    /// From SIGTERM to the containers' end; the grace period kills what takes longer, but not `.never`.
    public var stopAfter: Delay
    public var nodeSelector: [String: String]
    public var address: String
    public var startedAt: Timestamp?
    public var readyAt: Timestamp?
    /// The containers' end, as now foreseen.
    var stopAt: Timestamp?
    /// Index of the controller that replaces it.
    public internal(set) var workload: Int?
    /// Index among its deployment's ReplicaSets.
    var replicaSet = 0
    /// Indices of the budgets that select it.
    public internal(set) var budgets: [Int] = []
}

/// The one container of a pod.
public struct Container: Sendable, Equatable {
    public var name: String
    public var image: String

    public init(name: String = "app", image: String = "registry.example/app:1") {
        self.name = name
        self.image = image
    }
}
