import KubernetesAPI
import Timestamps

// Budgets that can never allow: what is done instead of waiting for a person.
extension NodeDrain {
    /// A budget that blocks pods of ours is unsatisfiable, and it is known whom it guards.
    mutating func despair(
        of budget: BudgetKey, _ guarded: GuardedPods, at now: Timestamp, into step: inout DrainStep
    ) {
        let blocker = Blocker.budget(namespace: budget.namespace, name: budget.name)
        var owners: [Workload.Key: Workload?] = [:]
        for pod in drain.pods where pod.wait?.blocker == blocker {
            guard let controller = guarded.controllers[pod.pod.uid] else { continue }
            let top = guarded.top(of: controller)
            owners[top] = .some(guarded.workloads[top])
        }
        tell(unblocking.despaired(of: budget, owners: owners, policy.unblock, at: now), at: now, into: &step)
        sendUnblocking(at: now, into: &step)
    }

    mutating func sendUnblocking(at now: Timestamp, into step: inout DrainStep) {
        guard case .draining = stage else { return }
        for request in unblocking.sendDue(at: now) { send(request.purpose, request.call, into: &step) }
    }
}
