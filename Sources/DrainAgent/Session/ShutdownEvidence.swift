import KubernetesAPI

/// Is the node going away, or only our pod? `--on-sigterm auto` drains on proof alone.
enum ShutdownEvidence {
    /// Taints of those who take nodes away: autoscalers, interruption handlers, cloud providers.
    static let taints: Set<String> = [
        "ToBeDeletedByClusterAutoscaler", "karpenter.sh/disrupted", "karpenter.sh/disruption",
        "aws-node-termination-handler/spot-itn", "aws-node-termination-handler/scheduled-maintenance",
        "aws-node-termination-handler/asg-lifecycle-termination",
        "aws-node-termination-handler/rebalance-recommendation", "cloud.google.com/impending-node-termination",
        "node.cloudprovider.kubernetes.io/shutdown", "node.kubernetes.io/out-of-service",
    ]

    /// What proves it, for the log; `nil`: nothing does.
    static func find(node: Node, own: Pod?) -> String? {
        if node.spec.unschedulable { return "the node is unschedulable" }
        if node.metadata.deletionTimestamp != nil { return "the node is being deleted" }
        if let taint = node.spec.taints.first(where: { taints.contains($0.key) }) {
            return "the node has the taint \(taint.key)"
        }
        let ready = node.status.conditions.first { $0.type == "Ready" }
        if let ready, ready.status != "True",
            ready.message.contains("shutting down") || ready.message.contains("shutdown")
        {
            return "the node's Ready condition says that it is shutting down"
        }
        let disruption = own?.status.conditions.first { $0.type == "DisruptionTarget" && $0.status == "True" }
        if disruption?.reason == "TerminationByKubelet" { return "the kubelet ends our pod with the node" }
        return nil
    }
}
