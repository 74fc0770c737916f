public import KubernetesAPI
public import Timestamps

extension Pod {
    /// A running pod of a ReplicaSet; its UID is its name and `-uid`.
    public static func stub(
        _ name: String, namespace: String = "demo", uid: String? = nil, node: String = "node-a",
        owner: OwnerReference? = OwnerReference(apiVersion: "apps/v1", kind: "ReplicaSet", name: "web"),
        labels: [String: String] = [:], annotations: [String: String] = [:], finalizers: [String] = [],
        deletion: Timestamp? = nil, scheduled: Timestamp? = nil, phase: String = "Running", emptyDir: Bool = false
    ) -> Pod {
        Pod(
            metadata: ObjectMeta(
                name: name, namespace: namespace, uid: uid ?? "\(name)-uid", resourceVersion: "1", labels: labels,
                annotations: annotations, ownerReferences: owner.map { [$0] } ?? [], finalizers: finalizers,
                deletionTimestamp: deletion),
            spec: PodSpec(
                nodeName: node, volumes: emptyDir ? [Volume(name: "scratch", emptyDir: Volume.EmptyDir())] : []),
            status: PodStatus(
                phase: phase,
                conditions: scheduled.map { [Condition(type: "PodScheduled", lastTransitionTime: $0)] } ?? []))
    }
}

extension Pod {
    /// The same pod, ready.
    public func ready(_ isReady: Bool = true) -> Pod {
        var pod = self
        pod.status.conditions.removeAll { $0.type == "Ready" }
        pod.status.conditions.append(Condition(type: "Ready", status: isReady ? "True" : "False"))
        return pod
    }

    public func priority(_ priority: Int64) -> Pod {
        var pod = self
        pod.spec.priority = priority
        return pod
    }
}

extension OwnerReference {
    public static func daemonSet(_ name: String) -> OwnerReference {
        OwnerReference(apiVersion: "apps/v1", kind: "DaemonSet", name: name)
    }
}

extension Status {
    /// A budget's no, as Kubernetes 1.36 words it.
    public static func budget(_ name: String, needs: Int = 2, has: Int = 2) -> Status {
        Status(
            code: 429, reason: "TooManyRequests",
            message: "Cannot evict pod as it would violate the pod's disruption budget.",
            details: Details(causes: [
                Cause(
                    reason: "DisruptionBudget",
                    message: "The disruption budget \(name) needs \(needs) healthy pods and has \(has) currently")
            ]))
    }

    public static let severalBudgets = Status(
        code: 500,
        message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")

    public static func webhook(_ name: String, code: Int = 403) -> Status {
        Status(code: code, reason: "Forbidden", message: "admission webhook \"\(name)\" denied the request: not now")
    }

    /// Flow control, or a server that shuts down: text, no causes.
    public static let throttled = Status(code: 429, message: "Too many requests, please try again later.")

    public static let forbidden = Status(
        code: 403, reason: "Forbidden",
        message: "pods \"x\" is forbidden: User \"nobody\" cannot create resource \"pods/eviction\"",
        details: Details(kind: "pods", name: "x"))

    public static let badRequest = Status(code: 400, reason: "BadRequest", message: "no")

    public static let serverError = Status(code: 503, reason: "ServiceUnavailable", message: "etcd is away")

    public static let namespaceTerminating = Status(
        code: 403, reason: "Forbidden", message: "namespace going is being terminated",
        details: Details(kind: "pods", causes: [Cause(reason: "NamespaceTerminating")]))

    public static func noSuchPod(_ pod: PodIdentity) -> Status {
        Status(
            code: 404, reason: "NotFound", message: "pods \"\(pod.name)\" not found",
            details: Details(kind: "pods", name: pod.name))
    }

    public static func uidMismatch(_ pod: PodIdentity) -> Status {
        Status(
            code: 409, reason: "Conflict",
            message: "Operation cannot be fulfilled on Pod \"\(pod.name)\": the UID in the precondition (\(pod.uid)) "
                + "does not match the UID in record (other). The object might have been deleted and then recreated")
    }

    public static func notFound(_ kind: String, _ name: String) -> Status {
        Status(
            code: 404, reason: "NotFound", message: "\(kind) \"\(name)\" not found",
            details: Details(kind: kind, name: name))
    }
}

extension Exchange.Answer {
    public static let created = Exchange.Answer.success(code: 201, .other)
    public static let away = Exchange.Answer.failure(TransportFailure(.connect, "connection refused"))
}

extension WatchedObject {
    /// A pod, as a watch on the node's pods tells of it.
    public static func stub(
        _ name: String, uid: String? = nil, node: String = "node-a", scheduled: Timestamp? = nil
    ) -> WatchedObject {
        .pod(.stub(name, uid: uid, node: node, scheduled: scheduled))
    }
}
