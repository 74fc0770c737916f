public import KubernetesAPI

/// What a person, or another controller, does to the cluster at a given time.
public indirect enum ClusterAction: Sendable, Equatable {
    case patchBudget(namespace: String, name: String, BudgetPatch)
    case deleteBudget(namespace: String, name: String)
    case setUnschedulable(node: String, Bool)
    case setNodeCondition(node: String, Condition)
    case deleteNode(String)
    /// Another boot id; what runs there begins anew.
    case reboot(node: String)
    case deletePod(PodDeletion)
    /// A pod of nobody's, bound to the node at once.
    case addPod(namespace: String, name: String, node: String, PodTemplate)
    /// A readiness probe begins to fail, or to succeed.
    case setReady(namespace: String, pod: String, Bool)
    /// A pod ends by itself: `Succeeded` or `Failed`.
    case finish(namespace: String, pod: String, phase: String)
    case removeFinalizers(namespace: String, pod: String)
    case scale(namespace: String, workload: String, replicas: Int)
    case patchWorkload(namespace: String, workload: String, WorkloadPatch)
    /// The pods stay, as with `--cascade=orphan`.
    case deleteWorkload(namespace: String, name: String)
    case terminateNamespace(String)
    case addFault(Fault)
    case clearFaults
    case setAccess(AccessRules)
    /// Somebody takes a Lease away, or (with a holder) gives it to another.
    case seizeLease(namespace: String, name: String, holder: String?)
    /// The server forgets the past: watches and page tokens from before have expired.
    case compact
}
