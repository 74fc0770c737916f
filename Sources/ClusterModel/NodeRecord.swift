public import KubernetesAPI

/// A node as the cluster knows it.
public struct NodeRecord: Sendable, Equatable {
    public var node: Node
    public var address: String
    public var kubeletVersion: String
    var isDeleted = false

    /// May the scheduler bind a pod with this selector here?
    func accepts(_ selector: [String: String]) -> Bool {
        guard !isDeleted, !node.spec.unschedulable, isReady else { return false }
        guard !node.spec.taints.contains(where: { $0.effect != "PreferNoSchedule" }) else { return false }
        return selector.allSatisfy { node.metadata.labels[$0.key] == $0.value }
    }

    var isReady: Bool { node.status.conditions.contains { $0.type == "Ready" && $0.status == "True" } }
}
