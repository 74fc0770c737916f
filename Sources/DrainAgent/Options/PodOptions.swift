import ArgumentParser
import DrainEngine
import KubernetesAPI

/// Which pods go, and in which order; kubectl's names where it has the feature.
struct PodOptions: ParsableArguments {
    @Option(help: "Only pods with these labels go, e.g. app=web,tier!=db; the others are left alone.")
    var podSelector = ""

    @Flag(inversion: .prefixedNo, help: "Delete pods instead of evicting them: disruption budgets are not asked.")
    var disableEviction = false

    @Option(help: "Leave a pod that should have been gone for more than this many seconds; 0: wait for it.")
    var skipWaitForDeleteTimeout: Int64 = 0

    @Option(
        help: "priority: ordinary pods leave before system-cluster-critical and system-node-critical ones; or none.")
    var order = DrainPolicy.Order.priority

    @Option(help: "How long a pod that is blocked, retried or overdue holds up the tier after its own.")
    var tierPatience = DurationArgument(.seconds(60))

    func validate() throws {
        guard skipWaitForDeleteTimeout >= 0 else {
            throw ValidationError("--skip-wait-for-delete-timeout must not be negative")
        }
        _ = try selector()
    }

    private func selector() throws -> LabelSelector {
        do { return try LabelSelector(parsing: podSelector) } catch {
            throw ValidationError("--pod-selector: \(error)")
        }
    }

    /// The policy these options ask for, for a node.
    func policy(node: String) throws -> DrainPolicy {
        var policy = DrainPolicy(node: node)
        policy.podSelector = try selector()
        policy.deletesWithoutEviction = disableEviction
        policy.skipTerminatingAfter = skipWaitForDeleteTimeout > 0 ? .seconds(skipWaitForDeleteTimeout) : nil
        policy.order = order
        policy.tierPatience = tierPatience.value
        return policy
    }
}
