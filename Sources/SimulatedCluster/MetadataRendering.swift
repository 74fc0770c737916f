internal import ClusterModel
internal import KubernetesAPI
internal import Timestamps

extension ObjectMeta {
    func json(generateName: String? = nil) -> JSON {
        var json: JSON = ["name": .string(name)]
        json.add("generateName", generateName.map(JSON.string))
        json.add("namespace", namespace.isEmpty ? nil : .string(namespace))
        json.add("uid", .string(uid))
        json.add("resourceVersion", .string(resourceVersion))
        json.add("generation", generation == 0 ? nil : .int(generation))
        json.add("creationTimestamp", creationTimestamp.map { .string($0.rfc3339()) })
        json.add("deletionTimestamp", deletionTimestamp.map { .string($0.rfc3339()) })
        json.add("deletionGracePeriodSeconds", deletionGracePeriodSeconds.map { .int(Int($0)) })
        json.add("labels", labels.isEmpty ? nil : JSON(labels))
        json.add("annotations", annotations.isEmpty ? nil : JSON(annotations))
        json.add("ownerReferences", ownerReferences.isEmpty ? nil : .array(ownerReferences.map(\.json)))
        json.add("finalizers", finalizers.isEmpty ? nil : .array(finalizers.map(JSON.string)))
        return json
    }
}

extension OwnerReference {
    fileprivate var json: JSON {
        [
            "apiVersion": .string(apiVersion), "kind": .string(kind), "name": .string(name), "uid": .string(uid),
            "controller": .bool(controller), "blockOwnerDeletion": true,
        ]
    }
}

extension Condition {
    /// Pods' conditions have a probe time, nodes' a heartbeat, budgets' a generation.
    func json(_ extra: JSON.Member? = nil) -> JSON {
        var json: JSON = ["type": .string(type), "status": .string(status)]
        if let extra { json.add(extra.name, extra.value) }
        json.add("lastTransitionTime", lastTransitionTime.map { .string($0.rfc3339()) } ?? .null)
        json.add("reason", reason.isEmpty ? nil : .string(reason))
        json.add("message", message.isEmpty ? nil : .string(message))
        return json
    }
}
