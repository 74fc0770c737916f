/// Where we learn how to reach the cluster.
public enum AccessSource: Sendable, Equatable {
    /// The service account that Kubernetes mounts into a pod.
    case inCluster
    /// Kubeconfig files, merged by kubectl's rules; `context` overrides `current-context`.
    case kubeconfig(paths: [String], context: String?)

    /// kubectl's order: the flag, `$KUBECONFIG` (a colon list), `~/.kube/config`; in a pod without any of these files,
    /// its service account.
    public static func discover(
        environment: [String: String], kubeconfigFlag: String?, contextFlag: String?,
        files: FileReader = .local
    ) -> AccessSource {
        if let path = kubeconfigFlag, !path.isEmpty { return .kubeconfig(paths: [path], context: contextFlag) }
        let paths = standardPaths(environment)
        let isPod = environment["KUBERNETES_SERVICE_HOST"].map { !$0.isEmpty } ?? false
        guard isPod, contextFlag == nil, !paths.contains(where: files.exists) else {
            return .kubeconfig(paths: paths, context: contextFlag)
        }
        return .inCluster
    }

    private static func standardPaths(_ environment: [String: String]) -> [String] {
        let listed = (environment["KUBECONFIG"] ?? "").split(separator: ":").map(String.init)
        if !listed.isEmpty { return listed }
        guard let home = environment["HOME"], !home.isEmpty else { return [] }
        return ["\(home)/.kube/config"]
    }
}
