internal import KubernetesAPI
internal import Timestamps

extension ClusterModel {
    /// DELETE on a pod: no budget is asked.
    mutating func delete(_ deletion: PodDeletion) -> ModelResponse.Answer {
        guard let handle = pods.find(namespace: deletion.namespace, name: deletion.name), let record = pods[handle]
        else {
            return .status(.notFound(.pods, deletion.name))
        }
        if let refusal = uidMismatch(record, deletion.uid) { return .status(refusal) }
        guard !deletion.dryRun else { return .object(code: 200, .pod(record)) }
        beginDeletion(handle, gracePeriodSeconds: deletion.gracePeriodSeconds)
        return .object(code: 200, .pod(pods[handle] ?? record))
    }

    func uidMismatch(_ record: PodRecord, _ uid: String?) -> APIStatus? {
        guard let uid, uid != record.pod.metadata.uid else { return nil }
        return .uidPrecondition(pod: record.pod.metadata.name, wanted: uid, found: record.pod.metadata.uid)
    }

    /// Graceful deletion: `deletionTimestamp` lies ahead by the grace period. Nothing waits for a pod that never ran
    /// or has finished. A deletion that is under way is never prolonged.
    mutating func beginDeletion(_ handle: PodHandle, gracePeriodSeconds: Int64?) {
        guard let record = pods[handle] else { return }
        var grace = gracePeriodSeconds ?? record.pod.spec.terminationGracePeriodSeconds
        if record.pod.spec.nodeName.isEmpty || record.pod.isFinished { grace = 0 }
        if grace < 0 { grace = 1 }
        if let left = record.pod.metadata.deletionGracePeriodSeconds, record.pod.isTerminating, grace >= left, grace > 0
        {
            return
        }
        let deadline = second + .seconds(grace)
        let isHeld = !record.pod.metadata.finalizers.isEmpty
        guard grace > 0 || isHeld else { return remove(handle) }
        change(handle) {
            if !$0.pod.isTerminating { $0.pod.metadata.generation += 1 }
            $0.pod.metadata.deletionTimestamp = deadline
            $0.pod.metadata.deletionGracePeriodSeconds = grace
        }
        if grace > 0 { beginStopping(handle, gracePeriod: .seconds(grace)) }
    }
}
