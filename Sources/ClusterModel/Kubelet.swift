internal import KubernetesAPI
internal import Timestamps

extension ClusterModel {
    mutating func startContainers(_ handle: PodHandle) {
        guard let record = pods[handle], !record.pod.isTerminating, record.pod.status.phase == "Pending" else { return }
        lastAddress += 1
        let address = "10.1.\(lastAddress / 250 % 250).\(lastAddress % 250 + 1)"
        let (moment, start) = (second, now)
        change(handle) {
            $0.address = address
            $0.startedAt = start
            $0.pod.status.phase = "Running"
            $0.pod.status.containerStatuses = [ContainerStatus(name: $0.container.name, isRunning: true)]
            $0.pod.status.set("Initialized", true, at: moment)
            $0.pod.status.set("Ready", false, at: moment, reason: "ContainersNotReady")
            $0.pod.status.set("ContainersReady", false, at: moment, reason: "ContainersNotReady")
        }
    }

    mutating func setReady(_ handle: PodHandle, _ isReady: Bool) {
        guard let record = pods[handle], record.pod.status.phase == "Running" else { return }
        guard !(isReady && record.pod.isTerminating) else { return }
        let (moment, exact) = (second, now)
        let reason = isReady ? "" : "ContainersNotReady"
        change(handle) {
            $0.readyAt = isReady ? $0.readyAt ?? exact : nil
            $0.pod.status.set("Ready", isReady, at: moment, reason: reason)
            $0.pod.status.set("ContainersReady", isReady, at: moment, reason: reason)
        }
    }

    /// SIGTERM now; the containers' end is the earlier of their own and the grace period's.
    mutating func beginStopping(_ handle: PodHandle, gracePeriod: Duration) {
        guard var record = pods[handle], let own = record.stopAfter.draw(&random) else { return }
        let end = min(now + min(own, gracePeriod), record.stopAt ?? .distantFuture)
        record.stopAt = end
        pods.replace(handle, by: record)
        agenda.add(.stop(handle), at: end)
    }

    mutating func stopContainers(_ handle: PodHandle) {
        guard let record = pods[handle], record.stopAt == now else { return }
        change(handle) { $0.endContainers() }
        plan(.remove(handle), after: timing.removal)
    }

    /// The kubelet's own delete, with no grace left. A finalizer still holds the object.
    mutating func removeStopped(_ handle: PodHandle) {
        let moment = second
        change(handle) {
            if let planned = $0.pod.metadata.deletionTimestamp, planned > moment {
                $0.pod.metadata.deletionTimestamp = moment
            }
            $0.pod.metadata.deletionGracePeriodSeconds = 0
            if !$0.pod.metadata.finalizers.isEmpty {
                $0.pod.status.set("Ready", false, at: moment, reason: "PodFailed")
                $0.pod.status.set("ContainersReady", false, at: moment, reason: "PodFailed")
            }
        }
        if pods[handle]?.pod.metadata.finalizers.isEmpty == true { remove(handle) }
    }

    /// The node went down and came up again: what ran begins anew, what was going is gone.
    mutating func restartContainers(_ handle: PodHandle) {
        guard var record = pods[handle], record.pod.status.phase == "Running" else { return }
        if record.pod.isTerminating {
            record.stopAt = now
            pods.replace(handle, by: record)
            return stopContainers(handle)
        }
        setReady(handle, false)
        let start = now
        change(handle) { $0.startedAt = start }
        guard let ready = record.readyAfter.draw(&random) else { return }
        agenda.add(.becomeReady(handle), at: now + ready)
    }
}

extension PodRecord {
    mutating func endContainers() {
        pod.status.containerStatuses = pod.status.containerStatuses.map {
            ContainerStatus(name: $0.name, isRunning: false)
        }
    }
}
