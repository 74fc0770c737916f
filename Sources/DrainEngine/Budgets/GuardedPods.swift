import KubernetesAPI

/// Whom a budget guards, on all nodes, and who keeps them in number.
struct GuardedPods: Equatable {
    /// The controllers of the pods, and the Deployments of those that are ReplicaSets.
    var workloads: [Workload.Key: Workload] = [:]
    /// By pod UID.
    var controllers: [String: Workload.Key] = [:]
    /// Living pods that nobody would replace.
    var bare = 0
    /// Some pods have an owner whose number we cannot know.
    var hasUnknownOwners = false
    /// Names of living pods that are not ready, at most five.
    var unready: [String] = []
    var unreadyCount = 0

    static let namesLimit = 5

    /// How many healthy pods there can ever be; `nil`: nobody can tell.
    var capacity: Int? {
        guard !hasUnknownOwners else { return nil }
        return Set(controllers.values).compactMap { workloads[$0]?.replicas }.reduce(bare, +)
    }

    /// Who is to be scaled or rolled out for this controller: the Deployment above a ReplicaSet, else itself.
    func top(of controller: Workload.Key) -> Workload.Key {
        guard let owner = workloads[controller]?.metadata.controller,
            let above = Workload.Key(owner, namespace: controller.namespace), workloads[above] != nil
        else { return controller }
        return above
    }

    /// Those that a person would scale, in a stable order.
    var tops: [Workload.Key] {
        Set(controllers.values.map(top)).sorted { ($0.kind.rawValue, $0.name) < ($1.kind.rawValue, $1.name) }
    }
}
