internal import KubernetesAPI

// The attach controller: a pod's volumes are attached to its node, and stay so for a while after it.
extension ClusterModel {
    mutating func attachVolumes(of handle: PodHandle) {
        guard let pod = pods[handle]?.pod, !pod.spec.nodeName.isEmpty else { return }
        for volume in Self.volumes(of: pod) where attachment(volume, pod.spec.nodeName) == nil {
            let attachment = VolumeAttachment(
                metadata: ObjectMeta(
                    name: "csi-\(volume)-\(pod.spec.nodeName)", uid: random.uid(),
                    resourceVersion: String(nextRevision()), creationTimestamp: second),
                nodeName: pod.spec.nodeName, persistentVolumeName: volume)
            attachments.append(attachment)
            record(.added, .volumeAttachment(attachment), previous: nil)
            listVolumes(of: pod.spec.nodeName)
        }
    }

    /// The pod is gone.
    mutating func planDetaching(_ pod: Pod) {
        for volume in Self.volumes(of: pod) {
            plan(.detach(volume: volume, node: pod.spec.nodeName), after: timing.detach)
        }
    }

    /// A volume that a pod of the node uses again stays.
    mutating func detach(_ volume: String, from node: String) {
        guard let index = attachment(volume, node), !isUsed(volume, on: node) else { return }
        let previous = attachments.remove(at: index)
        var last = previous
        last.metadata.resourceVersion = String(nextRevision())
        record(.deleted, .volumeAttachment(last), previous: .volumeAttachment(previous))
        listVolumes(of: node)
    }

    private func isUsed(_ volume: String, on node: String) -> Bool {
        var isUsed = false
        pods.forEach { handle, facts in
            guard !isUsed, facts.nodeName == node, let pod = pods[handle]?.pod else { return }
            isUsed = Self.volumes(of: pod).contains(volume)
        }
        return isUsed
    }

    private func attachment(_ volume: String, _ node: String) -> Int? {
        attachments.firstIndex { $0.nodeName == node && $0.persistentVolumeName == volume }
    }

    /// The names of its persistent volumes.
    private static func volumes(of pod: Pod) -> [String] {
        pod.spec.volumes.compactMap { volume in
            volume.persistentVolumeClaim.map { "pvc-\(pod.metadata.namespace)-\($0.claimName)" }
        }
    }

    /// Brings the node's own list up to date.
    private mutating func listVolumes(of node: String) {
        let attached = attachments.filter { $0.nodeName == node }.compactMap(\.persistentVolumeName).sorted()
        change(node: node) {
            $0.node.status.volumesAttached = attached.map { AttachedVolume(name: "kubernetes.io/csi/simulated^\($0)") }
        }
    }
}
