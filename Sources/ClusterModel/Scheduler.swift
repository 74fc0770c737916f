internal import KubernetesAPI
internal import Timestamps

extension ClusterModel {
    /// The scheduler's turn: the node with the fewest pods, the first of equals; unschedulable nodes are skipped.
    mutating func bind(_ handle: PodHandle) {
        guard let record = pods[handle], record.pod.spec.nodeName.isEmpty, !record.pod.isTerminating else { return }
        guard let node = leastLoaded(accepting: record.nodeSelector) else {
            let moment = second
            let count = nodes.count { !$0.isDeleted }
            change(handle) {
                $0.pod.status.set(
                    "PodScheduled", false, at: moment, reason: "Unschedulable",
                    message: "0/\(count) nodes are available.")
            }
            return
        }
        bind(handle, to: node)
    }

    mutating func bind(_ handle: PodHandle, to node: Int) {
        let moment = second
        let name = nodes[node].node.metadata.name
        guard let delay = pods[handle]?.readyAfter else { return }
        change(handle) {
            $0.pod.spec.nodeName = name
            $0.pod.status.set("PodScheduled", true, at: moment)
        }
        attachVolumes(of: handle)
        let start = timing.containerStart.draw(&random)
        guard let start else { return }
        agenda.add(.start(handle), at: now + start)
        guard let ready = delay.draw(&random) else { return }
        agenda.add(.becomeReady(handle), at: now + max(start, ready))
    }

    /// Pods that found no node look again.
    mutating func retryPending() {
        for handle in pods.handles {
            guard let record = pods[handle], record.pod.spec.nodeName.isEmpty, !record.pod.isTerminating else {
                continue
            }
            plan(.bind(handle), after: timing.scheduling)
        }
    }

    func leastLoaded(accepting selector: [String: String]) -> Int? {
        var load: [String: Int] = [:]
        pods.forEach { _, facts in
            if !facts.isFinished { load[facts.nodeName, default: 0] += 1 }
        }
        return nodes.indices.filter { nodes[$0].accepts(selector) }
            .min { load[nodes[$0].node.metadata.name, default: 0] < load[nodes[$1].node.metadata.name, default: 0] }
    }
}
