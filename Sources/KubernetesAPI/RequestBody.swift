internal import FoundationEssentials
internal import Timestamps

extension APICall {
    /// What goes with the request; `nil`: nothing does.
    func body(eviction: PolicyVersion) -> (type: String, bytes: [UInt8])? {
        switch self {
        case .patchNode(_, let patch, _): Self.merge(NodePatchBody(patch))
        case .setNodeConditions(_, let conditions): Self.strategicMerge(NodeStatusBody(conditions))
        case .restartRollout(_, let moment): Self.strategicMerge(RolloutRestart(at: moment))
        case .repeatEvent(let event): Self.strategicMerge(EventRepetition(event))
        case .evict(let pod, let options):
            Self.json(
                Eviction(
                    apiVersion: eviction.rawValue, pod: pod, deleteOptions: DeleteOptionsBody(options, uid: pod.uid)))
        case .deletePod(let pod, let options): Self.json(DeleteOptionsBody(options, uid: pod.uid, standsAlone: true))
        case .mayEvict(let namespace, let byDelete): Self.json(AccessReview(namespace: namespace, byDelete: byDelete))
        case .whoAmI: Self.json(TypeMark(apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview"))
        case .createEvent(let event): Self.json(EventBody(event))
        case .createLease(let lease), .replaceLease(let lease): Self.json(LeaseBody(lease))
        case .deleteLease(let lease): Self.json(LeaseDeletion(lease))
        case .readNode, .listPods, .listSelectedPods, .listBudgets, .listLeases, .listVolumeAttachments,
            .readDaemonSet, .readWorkload, .readPod, .version:
            nil
        }
    }

    private static func strategicMerge(_ body: some Encodable) -> (type: String, bytes: [UInt8]) {
        ("application/strategic-merge-patch+json", json(body).bytes)
    }

    /// Takes a null annotation away; a strategic merge into a node without annotations would add it, empty (1.20).
    private static func merge(_ body: some Encodable) -> (type: String, bytes: [UInt8]) {
        ("application/merge-patch+json", json(body).bytes)
    }

    private static func json(_ body: some Encodable) -> (type: String, bytes: [UInt8]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return ("application/json", Array(try encoder.encode(body))) } catch {
            preconditionFailure("a request body of strings, numbers and flags always encodes: \(error)")
        }
    }
}

private struct TypeMark: Encodable {
    var apiVersion: String
    var kind: String
}

private struct NodePatchBody: Encodable {
    struct Meta: Encodable { var annotations: [String: String?] }
    struct Spec: Encodable { var unschedulable: Bool }
    var metadata: Meta?
    var spec: Spec?

    init(_ patch: NodePatch) {
        metadata = patch.annotations.isEmpty ? nil : Meta(annotations: patch.annotations)
        spec = patch.unschedulable.map { Spec(unschedulable: $0) }
    }
}

private struct NodeStatusBody: Encodable {
    struct Status: Encodable { var conditions: [ConditionBody] }
    struct ConditionBody: Encodable {
        var type: String
        var status: String
        var reason: String
        var message: String
        var lastHeartbeatTime: String?
        var lastTransitionTime: String?
    }
    var status: Status

    init(_ conditions: [Condition]) {
        status = Status(
            conditions: conditions.map {
                let time = $0.lastTransitionTime?.rfc3339()
                return ConditionBody(
                    type: $0.type, status: $0.status, reason: $0.reason, message: $0.message, lastHeartbeatTime: time,
                    lastTransitionTime: time)
            })
    }
}

/// The annotation that `kubectl rollout restart` sets.
private struct RolloutRestart: Encodable {
    struct Meta: Encodable { var annotations: [String: String] }
    struct Template: Encodable { var metadata: Meta }
    struct Spec: Encodable { var template: Template }
    var spec: Spec

    init(at moment: Timestamp) {
        let annotations = ["kubectl.kubernetes.io/restartedAt": moment.rfc3339()]
        spec = Spec(template: Template(metadata: Meta(annotations: annotations)))
    }
}

private struct EventBody: Encodable {
    struct Meta: Encodable {
        var name: String
        var namespace: String
    }
    struct Reference: Encodable {
        var apiVersion = "v1"
        var kind: String
        var namespace: String?
        var name: String
        var uid: String
    }
    struct Source: Encodable { var component = "drain-agent" }

    var apiVersion = "v1"
    var kind = "Event"
    var metadata: Meta
    var involvedObject: Reference
    var reason: String
    var message: String
    var type: String
    var source = Source()
    var count: Int
    var firstTimestamp: String
    var lastTimestamp: String

    init(_ event: ClusterEvent) {
        metadata = Meta(name: event.name, namespace: event.namespace)
        switch event.subject {
        case .node(let name): involvedObject = Reference(kind: "Node", name: name, uid: name)
        case .pod(let pod):
            involvedObject = Reference(kind: "Pod", namespace: pod.namespace, name: pod.name, uid: pod.uid)
        }
        reason = event.reason
        message = event.message
        type = event.level.rawValue
        count = event.count
        firstTimestamp = event.firstSeen.rfc3339()
        lastTimestamp = event.lastSeen.rfc3339()
    }
}

private struct EventRepetition: Encodable {
    var count: Int
    var lastTimestamp: String
    var message: String

    init(_ event: ClusterEvent) {
        count = event.count
        lastTimestamp = event.lastSeen.rfc3339()
        message = event.message
    }
}

private struct LeaseBody: Encodable {
    struct Meta: Encodable {
        var name: String
        var namespace: String
        var resourceVersion: String?
        var labels: [String: String]
        var annotations: [String: String]?
    }
    struct Spec: Encodable {
        var holderIdentity: String
        var leaseDurationSeconds: Int
        /// Six decimals: the API takes no other form here.
        var acquireTime: String?
        var renewTime: String?
        var leaseTransitions: Int
    }
    var apiVersion = "coordination.k8s.io/v1"
    var kind = "Lease"
    var metadata: Meta
    var spec: Spec

    init(_ lease: Lease) {
        let version = lease.metadata.resourceVersion
        metadata = Meta(
            name: lease.metadata.name, namespace: lease.metadata.namespace,
            resourceVersion: version.isEmpty ? nil : version,
            labels: lease.metadata.labels.merging([Lease.label.key: Lease.label.value]) { _, ours in ours },
            annotations: lease.metadata.annotations.isEmpty ? nil : lease.metadata.annotations)
        spec = Spec(
            holderIdentity: lease.spec.holderIdentity, leaseDurationSeconds: lease.spec.leaseDurationSeconds,
            acquireTime: lease.spec.acquireTime?.rfc3339(.microseconds),
            renewTime: lease.spec.renewTime?.rfc3339(.microseconds), leaseTransitions: lease.spec.leaseTransitions)
    }
}

private struct LeaseDeletion: Encodable {
    struct Preconditions: Encodable { var resourceVersion: String }
    var apiVersion = "v1"
    var kind = "DeleteOptions"
    var preconditions: Preconditions

    init(_ lease: Lease) { preconditions = Preconditions(resourceVersion: lease.metadata.resourceVersion) }
}

private struct Eviction: Encodable {
    struct Meta: Encodable {
        var name: String
        var namespace: String
    }
    var apiVersion: String
    var kind = "Eviction"
    var metadata: Meta
    var deleteOptions: DeleteOptionsBody

    init(apiVersion: String, pod: PodIdentity, deleteOptions: DeleteOptionsBody) {
        self.apiVersion = apiVersion
        self.metadata = Meta(name: pod.name, namespace: pod.namespace)
        self.deleteOptions = deleteOptions
    }
}

private struct DeleteOptionsBody: Encodable {
    struct Preconditions: Encodable { var uid: String }
    var apiVersion: String?
    var kind: String?
    var gracePeriodSeconds: Int64?
    var preconditions: Preconditions
    var dryRun: [String]?

    /// `standsAlone`: the body of a delete, and not a field of an eviction.
    init(_ options: DeleteOptions, uid: String, standsAlone: Bool = false) {
        apiVersion = standsAlone ? "v1" : nil
        kind = standsAlone ? "DeleteOptions" : nil
        gracePeriodSeconds = options.gracePeriodSeconds
        preconditions = Preconditions(uid: uid)
        dryRun = options.dryRun ? ["All"] : nil
    }
}

private struct AccessReview: Encodable {
    struct Spec: Encodable { var resourceAttributes: Attributes }
    struct Attributes: Encodable {
        var namespace: String
        var verb: String
        var resource = "pods"
        var subresource: String?
    }
    var apiVersion = "authorization.k8s.io/v1"
    var kind = "SelfSubjectAccessReview"
    var spec: Spec

    init(namespace: String, byDelete: Bool) {
        spec = Spec(
            resourceAttributes: Attributes(
                namespace: namespace, verb: byDelete ? "delete" : "create", subresource: byDelete ? nil : "eviction"))
    }
}
