internal import KubernetesAPI

extension ClusterModel {
    /// A controller's turn: too few pods are created, too many deleted.
    mutating func reconcile(_ index: Int) {
        workloads[index].isReconcileDue = false
        let workload = workloads[index]
        guard !workload.isDeleted, !isTerminating(namespace: workload.metadata.namespace) else { return }
        switch workload.kind {
        case .deployment: reconcileDeployment(index)
        case .replicaSet, .replicationController: reconcileReplicas(index)
        case .job: reconcileJob(index)
        case .statefulSet: reconcileStatefulSet(index)
        case .daemonSet, .staticPod: reconcileNodes(index)
        }
    }

    /// A terminating pod no longer counts: its replacement comes at once.
    mutating func reconcileReplicas(_ index: Int) {
        let active = active(of: index)
        let missing = workloads[index].replicas - active.count
        for _ in 0..<max(0, missing) {
            createPod(of: index, named: "\(workloads[index].owner.name)-\(random.suffix())")
        }
        guard missing < 0 else { return }
        // Those that serve least go first.
        let unready = active.filter { pods.facts($0)?.isReady != true }
        let surplus = (unready + active.filter { pods.facts($0)?.isReady == true }).prefix(-missing)
        for handle in surplus { beginDeletion(handle, gracePeriodSeconds: nil) }
    }

    /// A job whose pods succeeded is done.
    private mutating func reconcileJob(_ index: Int) {
        let own = handles(of: index)
        guard !own.isEmpty || workloads[index].replicas > 0 else { return }
        let counted = own.filter { pods.facts($0)?.isActive == true || pods.facts($0)?.hasSucceeded == true }
        for _ in 0..<max(0, workloads[index].replicas - counted.count) {
            createPod(of: index, named: "\(workloads[index].metadata.name)-\(random.suffix())")
        }
    }

    /// The same name again, once the old pod is gone.
    private mutating func reconcileStatefulSet(_ index: Int) {
        let metadata = workloads[index].metadata
        for ordinal in 0..<workloads[index].replicas {
            let name = "\(metadata.name)-\(ordinal)"
            guard pods.find(namespace: metadata.namespace, name: name) == nil else { continue }
            createPod(of: index, named: name)
        }
        for handle in handles(of: index) {
            guard let record = pods[handle], pods.facts(handle)?.isActive == true else { continue }
            let ordinal = record.pod.metadata.name.split(separator: "-").last.flatMap { Int($0) } ?? 0
            if ordinal >= workloads[index].replicas { beginDeletion(handle, gracePeriodSeconds: nil) }
        }
    }

    /// One pod a node, cordoned or not.
    private mutating func reconcileNodes(_ index: Int) {
        let workload = workloads[index]
        let wanted = workload.kind == .daemonSet ? Array(nodes.indices) : workload.nodes
        let occupied = Set(handles(of: index).compactMap { pods.facts($0)?.nodeName })
        for node in wanted where !nodes[node].isDeleted {
            let nodeName = nodes[node].node.metadata.name
            guard !occupied.contains(nodeName) else { continue }
            let suffix = workload.kind == .daemonSet ? random.suffix() : nodeName
            createPod(of: index, named: "\(workload.metadata.name)-\(suffix)", node: node)
        }
    }
}
