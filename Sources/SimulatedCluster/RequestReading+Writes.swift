internal import ClusterModel
internal import HTTPServer
internal import KubernetesAPI
internal import Timestamps

// Bodies of requests that change something.
extension RequestReading {
    func eviction(of name: String, in namespace: String) throws(APIStatus) -> EvictionRequest {
        let body = try body()
        let kind = body["kind"]?.string ?? "Eviction"
        guard kind == "Eviction" else {
            throw .badRequest(
                "\(kind) in version \"v1\" cannot be handled as a Eviction: no kind \"\(kind)\" is registered for version "
                    + "\"policy/v1\" in scheme \"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30\"")
        }
        let options = body["deleteOptions"] ?? [:]
        return EvictionRequest(
            namespace: namespace, name: name, bodyName: body["metadata"]?["name"]?.string ?? "",
            uid: options["preconditions"]?["uid"]?.string, gracePeriodSeconds: options.gracePeriodSeconds,
            dryRun: isDryRun || options.isDryRun)
    }

    func deletion(of place: ResourcePath, _ name: String) throws(APIStatus) -> ModelRequest? {
        let options = try body()
        let namespace = place.namespace ?? ""
        switch place.resource {
        case .pods:
            return .deletePod(
                PodDeletion(
                    namespace: namespace, name: name, uid: options["preconditions"]?["uid"]?.string,
                    gracePeriodSeconds: options.gracePeriodSeconds
                        ?? request.query["gracePeriodSeconds"].flatMap { Int64($0) },
                    dryRun: isDryRun || options.isDryRun))
        case .budgets: return .deleteBudget(namespace: namespace, name: name)
        case .leases:
            return .deleteLease(
                namespace: namespace, name: name,
                resourceVersion: options["preconditions"]?["resourceVersion"]?.string)
        default: return nil
        }
    }

    func patch(of place: ResourcePath, _ name: String) throws(APIStatus) -> ModelRequest? {
        let type = request.header("Content-Type") ?? ""
        guard type.hasPrefix("application/strategic-merge-patch+json") || type.hasPrefix("application/merge-patch+json")
        else {
            throw APIStatus(
                code: 415, reason: "UnsupportedMediaType",
                message: "the body of the request was in an unknown format - accepted media types include: "
                    + "application/merge-patch+json, application/strategic-merge-patch+json")
        }
        let body = try body()
        switch (place.resource, place.subresource) {
        case (.nodes, nil), (.nodes, "status"):
            return .patchNode(name: name, nodePatch(body, isOfStatus: place.subresource != nil), dryRun: isDryRun)
        case (.budgets, nil):
            return .patchBudget(namespace: place.namespace ?? "", name: name, try budgetPatch(body))
        case (.deployments, nil):
            return .patchWorkload(
                place.resource, namespace: place.namespace ?? "", name: name, try workloadPatch(body))
        case (.events, nil):
            return .patchEvent(
                namespace: place.namespace ?? "", name: name,
                EventPatch(
                    count: body["count"]?.int, lastTimestamp: body["lastTimestamp"]?.timestamp,
                    message: body["message"]?.string))
        case (.deployments, "scale"), (.replicaSets, "scale"), (.statefulSets, "scale"): return try scale(place, name)
        default: return nil
        }
    }

    func replacement(of place: ResourcePath, _ name: String) throws(APIStatus) -> ModelRequest? {
        switch (place.resource, place.subresource) {
        case (.leases, nil): .updateLease(try lease(in: place.namespace ?? "", named: name))
        case (.deployments, "scale"), (.replicaSets, "scale"), (.statefulSets, "scale"): try scale(place, name)
        default: nil
        }
    }

    func creation(in place: ResourcePath) throws(APIStatus) -> ModelRequest? {
        switch place.resource {
        case .events: .createEvent(try event(in: place.namespace ?? "default"))
        case .leases: .createLease(try lease(in: place.namespace ?? "default", named: nil))
        default: nil
        }
    }

    private func scale(_ place: ResourcePath, _ name: String) throws(APIStatus) -> ModelRequest {
        guard let replicas = try body()["spec"]?["replicas"]?.int, (0...10_000).contains(replicas) else {
            throw .badRequest("spec.replicas: Invalid value")
        }
        return .scale(place.resource, namespace: place.namespace ?? "", name: name, replicas: replicas)
    }

    private func nodePatch(_ body: JSON, isOfStatus: Bool) -> NodeChange {
        var patch = NodeChange()
        patch.isOfStatus = isOfStatus
        patch.resourceVersion = body["metadata"]?["resourceVersion"]?.string
        switch body["spec"]?["unschedulable"] {
        case .bool(let value): patch.unschedulable = value
        case .null: patch.unschedulable = false
        default: break
        }
        if let taints = body["spec"]?["taints"] {
            patch.taints = taints.elements.map {
                Taint(key: $0["key"]?.string ?? "", effect: $0["effect"]?.string ?? "NoSchedule")
            }
        }
        for member in body["metadata"]?["labels"]?.members ?? [] {
            patch.labels.updateValue(member.value.string, forKey: member.name)
        }
        for member in body["metadata"]?["annotations"]?.members ?? [] {
            patch.annotations.updateValue(member.value.string, forKey: member.name)
        }
        patch.conditions = (body["status"]?["conditions"]?.elements ?? []).map {
            Condition(
                type: $0["type"]?.string ?? "", status: $0["status"]?.string ?? "", reason: $0["reason"]?.string ?? "",
                message: $0["message"]?.string ?? "", lastTransitionTime: $0["lastTransitionTime"]?.timestamp)
        }
        return patch
    }

    private func workloadPatch(_ body: JSON) throws(APIStatus) -> WorkloadPatch {
        var patch = WorkloadPatch()
        patch.restartedAt =
            body["spec"]?["template"]?["metadata"]?["annotations"]?["kubectl.kubernetes.io/restartedAt"]?.string
        switch body["spec"]?["paused"] {
        case .bool(let value): patch.isPaused = value
        case .null: patch.isPaused = false
        case nil: break
        default: throw .badRequest("spec.paused: Invalid value")
        }
        return patch
    }

    private func budgetPatch(_ body: JSON) throws(APIStatus) -> BudgetPatch {
        var patch = BudgetPatch()
        for (name, limit) in [
            ("minAvailable", BudgetLimit.minAvailable), ("maxUnavailable", BudgetLimit.maxUnavailable),
        ] {
            guard let value = body["spec"]?[name], value != .null else { continue }
            guard let number = IntOrPercent(value) else { throw .badRequest("spec.\(name): Invalid value") }
            patch.limit = limit(number)
        }
        if let policy = body["spec"]?["unhealthyPodEvictionPolicy"]?.string {
            guard let known = UnhealthyPodEvictionPolicy(rawValue: policy) else {
                throw .badRequest("spec.unhealthyPodEvictionPolicy: Unsupported value: \"\(policy)\"")
            }
            patch.unhealthyPodEvictionPolicy = known
        }
        return patch
    }

    private func event(in namespace: String) throws(APIStatus) -> EventRecord {
        let body = try body()
        let (metadata, involved) = (body["metadata"], body["involvedObject"])
        func text(_ name: String) -> String { body[name]?.string ?? "" }
        return EventRecord(
            metadata: ObjectMeta(name: metadata?["name"]?.string ?? "", namespace: namespace),
            generateName: metadata?["generateName"]?.string ?? "",
            involvedAPIVersion: involved?["apiVersion"]?.string ?? "", involvedKind: involved?["kind"]?.string ?? "",
            involvedNamespace: involved?["namespace"]?.string ?? "", involvedName: involved?["name"]?.string ?? "",
            involvedUID: involved?["uid"]?.string ?? "", reason: text("reason"), message: text("message"),
            type: text("type"), action: text("action"), reportingComponent: text("reportingComponent"),
            reportingInstance: text("reportingInstance"), eventTime: body["eventTime"]?.timestamp,
            component: body["source"]?["component"]?.string ?? "", count: body["count"]?.int ?? 0,
            firstTimestamp: body["firstTimestamp"]?.timestamp, lastTimestamp: body["lastTimestamp"]?.timestamp)
    }

    private func lease(in namespace: String, named name: String?) throws(APIStatus) -> Lease {
        let body = try body()
        let spec = body["spec"]
        let metadata = ObjectMeta(
            name: name ?? body["metadata"]?["name"]?.string ?? "", namespace: namespace,
            resourceVersion: body["metadata"]?["resourceVersion"]?.string ?? "",
            labels: body["metadata"]?["labels"]?.texts ?? [:],
            annotations: body["metadata"]?["annotations"]?.texts ?? [:])
        return Lease(
            metadata: metadata,
            spec: Lease.Spec(
                holderIdentity: spec?["holderIdentity"]?.string ?? "",
                leaseDurationSeconds: spec?["leaseDurationSeconds"]?.int ?? 0,
                acquireTime: spec?["acquireTime"]?.timestamp, renewTime: spec?["renewTime"]?.timestamp,
                leaseTransitions: spec?["leaseTransitions"]?.int ?? 0))
    }
}

extension JSON {
    fileprivate var gracePeriodSeconds: Int64? { self["gracePeriodSeconds"]?.int.map { Int64($0) } }

    fileprivate var isDryRun: Bool { self["dryRun"]?.elements.contains("All") ?? false }

    /// A map of texts.
    fileprivate var texts: [String: String] {
        Dictionary(members.compactMap { member in member.value.string.map { (member.name, $0) } }) { $1 }
    }

    fileprivate var timestamp: Timestamp? { string.flatMap { Timestamp(rfc3339: $0) } }
}
