import DrainEngine

/// What each recorded answer is to us: every file of Tests/Fixtures/wire and wire-1.20 has its row.
enum WireTable {
    struct Row: Sendable, CustomStringConvertible {
        var file: String
        var answer: EvictionAnswer
        var blocker: Blocker?

        init(_ file: String, _ answer: EvictionAnswer, _ blocker: Blocker? = nil) {
            self.file = file
            self.answer = answer
            self.blocker = blocker
        }

        var description: String { file }
    }

    /// Answers to evictions; the pods were in the namespace `demo`.
    static let evictions = [
        // Kubernetes 1.36
        Row("wire/evict-201-already-terminating.json", .accepted),
        Row("wire/evict-201-created.json", .accepted),
        Row("wire/evict-201-dry-run.json", .accepted),
        Row("wire/evict-400-bad-body.json", .rejected),
        Row("wire/evict-400-name-mismatch.json", .rejected),
        Row("wire/evict-403-rbac.json", .forbidden),
        Row("wire/evict-404-missing.json", .gone),
        Row("wire/evict-409-uid-precondition.json", .replaced),
        Row("wire/evict-429-pdb.json", .budget, .budget(namespace: "demo", name: "web-pdb")),
        Row("wire/evict-500-two-pdbs.json", .severalBudgets, .severalBudgets(namespace: "demo")),
        Row("wire/evict-in-terminating-namespace.json", .namespaceTerminating),
        // Not evictions, but an eviction may be answered so.
        Row("wire/list-401-bad-token.json", .unauthorized),
        Row("wire/pod-get-404.json", .gone),
        // Kubernetes 1.20
        Row("wire-1.20/evict-201-already-terminating.json", .accepted),
        Row("wire-1.20/evict-201-created.json", .accepted),
        Row("wire-1.20/evict-201-dry-run.json", .accepted),
        Row("wire-1.20/evict-201-already-terminating-under-pdb.json", .accepted),
        Row("wire-1.20/evict-201-under-pdb.json", .accepted),
        Row("wire-1.20/evict-400-bad-body.json", .rejected),
        Row("wire-1.20/evict-400-name-mismatch.json", .rejected),
        Row("wire-1.20/evict-403-rbac.json", .forbidden),
        Row("wire-1.20/evict-404-missing.json", .gone),
        // The namespace is gone, and so is the pod.
        Row("wire-1.20/evict-404-namespace.json", .gone),
        Row("wire-1.20/evict-409-uid-precondition.json", .replaced),
        Row("wire-1.20/evict-429-pdb.json", .budget, .budget(namespace: "demo", name: "g-pdb")),
        Row("wire-1.20/evict-429-pdb-after-one-accepted.json", .budget, .budget(namespace: "demo", name: "g-pdb")),
        Row("wire-1.20/evict-429-pdb-not-yet-observed.json", .budget, .budget(namespace: "demo", name: "g-pdb")),
        Row("wire-1.20/evict-429-pdb-unready-pod.json", .budget, .budget(namespace: "demo", name: "u-pdb")),
        Row("wire-1.20/evict-500-two-pdbs.json", .severalBudgets, .severalBudgets(namespace: "demo")),
        Row("wire-1.20/evict-in-terminating-namespace.json", .namespaceTerminating),
        Row("wire-1.20/evict-in-terminating-namespace-pod-terminating.json", .namespaceTerminating),
        Row("wire-1.20/evict-pending-pod-under-blocking-pdb.json", .accepted),
        Row("wire-1.20/evict-succeeded-pod-under-blocking-pdb.json", .accepted),
        // An eviction in policy/v1 sent to a server that serves only v1beta1.
        Row("wire-1.20/evict-policy-v1-body.json", .rejected),
        Row("wire-1.20/list-401-bad-token.json", .unauthorized),
    ]

    /// The rest, and the tests of what reads it.
    static let elsewhere = [
        "wire/cordon-patch.json": "KubernetesClientTests",
        "wire/discover-core-v1.json": "KubernetesAPITests",
        "wire/event-create.json": "nothing yet: Events on the node are to come",
        "wire/list-403-rbac.json": "ErrandTests",
        "wire/node-get.json": "KubernetesAPITests",
        "wire/orphan-daemonset-get-404.json": "ErrandTests",
        "wire/pdb-list.json": "nothing yet: budgets are to come",
        "wire/pod-get-terminating.json": "KubernetesAPITests",
        "wire/pods-list-410-continue-expired.json": "ErrandTests",
        "wire/pods-list-page-1.json": "KubernetesAPITests",
        "wire/pods-list-page-2.json": "KubernetesAPITests",
        "wire/pods-watch-410-expired.json": "KubernetesAPITests",
        "wire/pods-watch-list-initial-events.json": "KubernetesAPITests",
        "wire/pods-watch.json": "KubernetesAPITests",
        "wire/version.json": "KubernetesClientTests",
        "wire-1.20/access-review-denied.json": "WireTests",
        "wire-1.20/discover-core-v1.json": "WireTests",
        "wire-1.20/discover-policy.json": "nothing: the eviction's version comes from discover-core-v1",
        "wire-1.20/list-403-rbac.json": "ErrandTests",
        "wire-1.20/pdb-get-after-eviction.json": "nothing yet: budgets are to come",
        "wire-1.20/pdb-list.json": "nothing yet: budgets are to come",
        "wire-1.20/pod-get-terminating.json": "WireTests",
        "wire-1.20/pods-list-page-1.json": "WireTests",
        "wire-1.20/pods-watch-410.json": "WireTests",
        "wire-1.20/self-subject-review.json": "ErrandTests",
        "wire-1.20/version.json": "nothing: of GET /version we read only whether it is answered",
    ]
}
