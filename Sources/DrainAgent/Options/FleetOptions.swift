import ArgumentParser
import DrainEngine
import KubernetesClient
import Timestamps

/// Turns among the nodes of a fleet.
struct FleetOptions: ParsableArguments {
    @Option(help: "Drain so many nodes of the fleet at once, and wait for our turn, by Leases; without it: no turns.")
    var maxParallelDrains: Int?

    @Option(
        help:
            "The Leases' namespace, the same for all agents; else our pod's, the kubeconfig context's, or kube-system.")
    var leaseNamespace: String?

    @Option(help: "A node's turn ends when nothing has renewed it for so long: a drain, its reboot and its return.")
    var leaseTtl = DurationArgument(.seconds(1800))

    func validate() throws {
        if let parallel = maxParallelDrains, !(1...1000).contains(parallel) {
            throw ValidationError("--max-parallel-drains must be 1 to 1000")
        }
        guard leaseTtl.value >= .seconds(10) else { throw ValidationError("--lease-ttl must be at least 10s") }
        if let leaseNamespace, !Self.isNamespace(leaseNamespace) {
            throw ValidationError("--lease-namespace: \"\(leaseNamespace)\" is not a namespace's name")
        }
    }

    /// `nil`: no turns. `declared`: $POD_NAMESPACE.
    func fleet(_ location: ClusterLocation, declared: String? = nil) -> DrainPolicy.Fleet? {
        guard let parallel = maxParallelDrains else { return nil }
        return DrainPolicy.Fleet(
            parallel: parallel, namespace: leaseNamespace ?? Self.namespace(location, declared: declared),
            ttl: leaseTtl.value)
    }

    /// `default` is what a context has that names none: no place for what a whole cluster shares.
    private static func namespace(_ location: ClusterLocation, declared: String?) -> String {
        if let declared, isNamespace(declared) { return declared }
        let namespace = location.access.namespace
        return location.isInCluster || namespace != "default" ? namespace : "kube-system"
    }

    private static func isNamespace(_ name: String) -> Bool {
        name.utf8.count <= 63 && !name.contains(".") && NodeName(argument: name)?.value == name
    }
}
