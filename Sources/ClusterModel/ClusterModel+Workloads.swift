internal import KubernetesAPI

extension ClusterModel {
    /// The controllers of one kind, with their pods counted.
    func workloadViews(_ resource: ResourceKind) -> [WorkloadView] {
        workloads.indices.flatMap { index -> [WorkloadView] in
            let workload = workloads[index]
            guard !workload.isDeleted else { return [] }
            switch (resource, workload.kind) {
            case (.replicaSets, .deployment):
                return workload.replicaSets.indices.map { replicaSetView($0, of: index) }
            case (.deployments, .deployment), (.replicaSets, .replicaSet), (.statefulSets, .statefulSet),
                (.daemonSets, .daemonSet), (.jobs, .job), (.replicationControllers, .replicationController):
                return [view(of: index, as: resource, workload.metadata) { _ in true }]
            default: return []
            }
        }
    }

    /// Only the newest one, and only when no pod of the others is left, wants all the replicas.
    func replicaSetView(_ number: Int, of index: Int) -> WorkloadView {
        let workload = workloads[index]
        var view = view(of: index, as: .replicaSets, workload.replicaSets[number]) { $0.replicaSet == number }
        view.strategy = nil
        view.isPaused = false
        let isAlone = active(of: index).allSatisfy { pods.facts($0)?.replicaSet == number }
        if number < workload.replicaSets.count - 1 || !isAlone { view.replicas = view.current }
        return view
    }

    private func view(
        of index: Int, as resource: ResourceKind, _ metadata: ObjectMeta, counting isCounted: (PodFacts) -> Bool
    ) -> WorkloadView {
        let workload = workloads[index]
        var view = WorkloadView(
            resource: resource, metadata: metadata, replicas: workload.replicas, matchLabels: workload.matchLabels,
            container: workload.template.container, strategy: workload.strategy, isPaused: workload.isPaused,
            restartedAt: workload.restartedAt, current: 0, ready: 0, succeeded: 0)
        if resource == .daemonSets { view.replicas = nodes.count { !$0.isDeleted } }
        pods.forEach { _, facts in
            guard facts.workload == index, isCounted(facts) else { return }
            if facts.isActive { view.current += 1 }
            if facts.isActive, facts.isReady { view.ready += 1 }
            if facts.hasSucceeded { view.succeeded += 1 }
        }
        return view
    }

    func handles(of workload: Int) -> [PodHandle] {
        var handles: [PodHandle] = []
        pods.forEach { handle, facts in if facts.workload == workload { handles.append(handle) } }
        return handles
    }

    /// Neither finished nor going.
    func active(of workload: Int) -> [PodHandle] {
        handles(of: workload).filter { pods.facts($0)?.isActive == true }
    }

    mutating func patch(workload name: String, in namespace: String, _ patch: WorkloadPatch) {
        guard let index = workload(namespace, name) else { return }
        let isRestart = patch.restartedAt != nil && patch.restartedAt != workloads[index].restartedAt
        workloads[index].restartedAt = patch.restartedAt ?? workloads[index].restartedAt
        workloads[index].isPaused = patch.isPaused ?? workloads[index].isPaused
        if isRestart, workloads[index].kind == .deployment { workloads[index].isRolloutDue = true }
        workloads[index].metadata.generation += 1
        workloads[index].metadata.resourceVersion = String(nextRevision())
        planReconcile(index)
    }

    /// Another ReplicaSet for a deployment, like its template as it is now.
    mutating func addReplicaSet(to index: Int) {
        let deployment = workloads[index].metadata
        let hash = random.suffix(10)
        var replicaSet = deployment
        replicaSet.name = "\(deployment.name)-\(hash)"
        replicaSet.uid = random.uid()
        replicaSet.generation = 1
        replicaSet.ownerReferences = [
            OwnerReference(apiVersion: "apps/v1", kind: "Deployment", name: deployment.name, uid: deployment.uid)
        ]
        workloads[index].replicaSets.append(replicaSet)
        workloads[index].template.labels["pod-template-hash"] = hash
    }
}
