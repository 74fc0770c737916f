internal import KubernetesAPI

// The deployment controller's arithmetic (pkg/controller/deployment/rolling.go).
extension ClusterModel {
    /// A deployment's turn: its pods become those of its newest ReplicaSet.
    mutating func reconcileDeployment(_ index: Int) {
        guard !workloads[index].isPaused else { return reconcileReplicas(index) }
        if workloads[index].isRolloutDue {
            workloads[index].isRolloutDue = false
            addReplicaSet(to: index)
        }
        let newest = workloads[index].replicaSets.count - 1
        let old = handles(of: index).filter { pods.facts($0)?.replicaSet != newest }
        let oldActive = old.filter { pods.facts($0)?.isActive == true }
        if workloads[index].strategy?.type == "Recreate" {
            for handle in oldActive { beginDeletion(handle, gracePeriodSeconds: nil) }
            guard old.allSatisfy({ pods.facts($0)?.isFinished == true }) else { return }
        } else if !oldActive.isEmpty {
            return roll(index, from: oldActive)
        }
        reconcileReplicas(index)
    }

    /// Some new pods, or some old ones fewer; each change brings the next turn.
    private mutating func roll(_ index: Int, from old: [PodHandle]) {
        let active = active(of: index)
        let wanted = workloads[index].replicas
        let (surge, unavailable) = workloads[index].leeway
        let missing = min(wanted - (active.count - old.count), wanted + surge - active.count)
        guard missing <= 0 else {
            for _ in 0..<missing { createPod(of: index, named: "\(workloads[index].owner.name)-\(random.suffix())") }
            return
        }
        let ready = active.count { pods.facts($0)?.isReady == true }
        let oldReady = old.filter { pods.facts($0)?.isReady == true }
        let newUnready = (active.count - old.count) - (ready - oldReady.count)
        let least = wanted - unavailable
        // Old pods that serve nobody go first, as long as the new ones still to come are not counted twice.
        let spare = max(0, active.count - least - newUnready)
        let broken = old.filter { pods.facts($0)?.isReady != true }.prefix(spare)
        for handle in broken + oldReady.prefix(max(0, ready - least)) {
            beginDeletion(handle, gracePeriodSeconds: nil)
        }
    }
}

extension WorkloadRecord {
    /// How many pods more, and how many fewer, there may be while it rolls; never nothing of both.
    fileprivate var leeway: (surge: Int, unavailable: Int) {
        let rolling = strategy?.rollingUpdate
        let surge = (rolling?.maxSurge ?? .percent(25)).resolved(of: replicas, .up)
        let unavailable = (rolling?.maxUnavailable ?? .percent(25)).resolved(of: replicas, .down)
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable)
    }
}
