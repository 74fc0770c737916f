import KubernetesClient

/// What a person can do about a drain or a plan that could not begin, where its reason does not say it.
enum NextStep {
    /// Behind the reason; empty where nothing is to be added. `access`: whom we talked to.
    static func after(_ reason: String, access: ClusterAccess) -> String {
        let place = "\(access.publicServer)\(access.origin.isEmpty ? "" : " (\(access.origin))")"
        if reason.hasSuffix("(404)") {
            return
                ". That was \(place): `kubectl get nodes` lists its nodes, --context or --kubeconfig names another cluster"
        }
        if reason.hasSuffix("(401)") {
            return ". \(place) does not know you: log in again, or name another user's context with --context"
        }
        if reason.hasSuffix("(403)") {
            return
                ". That was \(place): docs/permissions.md says which role a drain needs, `kubectl auth can-i --list` what you may"
        }
        if reason.hasPrefix("no pods could be listed within") {
            return ". Is \(place) right, and reachable from here? `kubectl version` asks the same server"
        }
        return ""
    }
}
