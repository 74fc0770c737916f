import KubernetesAPI

/// Which volumes are still attached to the node though the pods that used them have gone.
///
/// Pods name claims, attachments name volumes, and only the claims would tell which belongs to which. So claims of pods
/// that stay are counted, not matched: as many attachments may stay.
struct VolumeDetachment: Equatable {
    static let interval = Duration.seconds(5)

    /// Claims of pods that stay.
    let staying: Int
    /// As last told.
    private(set) var attached: [String] = []

    init(staying pods: [Pod]) {
        let claims = pods.filter { !$0.isFinished }.flatMap { pod in
            pod.spec.volumes.compactMap(\.persistentVolumeClaim).map { "\(pod.metadata.namespace)/\($0.claimName)" }
        }
        staying = Set(claims).count
    }

    /// Whether they are all detached, and the names when they are others than before.
    mutating func listed(_ attachments: [VolumeAttachment], node: String) -> (isDone: Bool, news: [String]?) {
        let names = attachments.filter { $0.nodeName == node }
            .map { $0.persistentVolumeName ?? $0.metadata.name }.sorted()
        let isDone = names.count <= staying
        let left = isDone ? [] : names
        guard left != attached else { return (isDone, nil) }
        attached = left
        return (isDone, left)
    }
}
