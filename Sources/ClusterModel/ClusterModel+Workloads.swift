internal import KubernetesAPI

extension ClusterModel {
    /// The controllers of one kind, with their pods counted.
    func workloadViews(_ resource: ResourceKind) -> [WorkloadView] {
        workloads.indices.compactMap { index in
            let workload = workloads[index]
            guard !workload.isDeleted, let metadata = metadata(of: workload, as: resource) else { return nil }
            var view = WorkloadView(
                resource: resource, metadata: metadata, replicas: workload.replicas, matchLabels: workload.matchLabels,
                container: workload.template.container, current: 0, ready: 0, succeeded: 0)
            if resource == .daemonSets { view.replicas = nodes.count { !$0.isDeleted } }
            pods.forEach { _, facts in
                guard facts.workload == index else { return }
                if facts.isActive { view.current += 1 }
                if facts.isActive, facts.isReady { view.ready += 1 }
                if facts.hasSucceeded { view.succeeded += 1 }
            }
            return view
        }
    }

    private func metadata(of workload: Workload, as resource: ResourceKind) -> ObjectMeta? {
        switch (resource, workload.kind) {
        case (.replicaSets, .deployment): workload.replicaSet
        case (.deployments, .deployment), (.replicaSets, .replicaSet), (.statefulSets, .statefulSet),
            (.daemonSets, .daemonSet), (.jobs, .job):
            workload.metadata
        default: nil
        }
    }
}
