import ArgumentParser

/// Where the API server is.
struct ClusterOptions: ParsableArguments {
    @Option(
        help: "Path of the kubeconfig; else $KUBECONFIG, ~/.kube/config, or the pod's service account.",
        completion: .file())
    var kubeconfig: String?

    @Option(help: "The kubeconfig's context; else its current one.", completion: .contexts)
    var context: String?
}
