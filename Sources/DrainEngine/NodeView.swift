import KubernetesAPI

/// What is known of the node while it is drained.
struct NodeView: Equatable {
    enum Change: Equatable {
        case cordoned, uncordoned, deleted
    }

    private(set) var isUnschedulable = false
    private(set) var isDeleted = false
    /// Why the kubelet may not do what it is told; `nil`: it is ready, or nobody says otherwise.
    private(set) var notReady: String?
    /// Volumes that the attach controller counts as attached to it, by its own names.
    private(set) var volumesAttached: [String] = []
    private(set) var resourceVersion = ""

    /// `nil`: nothing about its cordon changed, or what is shown is older than what was seen. An answer of ours can be
    /// quicker than the watch.
    mutating func seen(_ node: Node) -> Change? {
        let version = node.metadata.resourceVersion
        if let old = UInt64(resourceVersion), let new = UInt64(version), new < old { return nil }
        resourceVersion = version
        isDeleted = false
        let ready = node.status.conditions.first { $0.type == "Ready" }
        notReady = ready.flatMap { $0.status == "True" ? nil : "Ready is \($0.status): \($0.message)" }
        volumesAttached = node.status.volumesAttached.map(\.name)
        guard isUnschedulable != node.spec.unschedulable else { return nil }
        isUnschedulable = node.spec.unschedulable
        return isUnschedulable ? .cordoned : .uncordoned
    }

    mutating func wasDeleted() -> Change? {
        guard !isDeleted else { return nil }
        isDeleted = true
        notReady = "the node is no longer in the cluster"
        return .deleted
    }
}
