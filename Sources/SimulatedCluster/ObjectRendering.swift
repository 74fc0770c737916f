internal import ClusterModel
internal import KubernetesAPI
internal import Timestamps

extension ClusterObject {
    /// The object alone: with its kind and version.
    var json: JSON {
        let kind = JSON.Member(name: "kind", value: .string(resource.kind))
        let version = JSON.Member(name: "apiVersion", value: .string(resource.groupVersion))
        return .object([kind, version] + members)
    }

    /// The object in a list: there, kind and version are the list's.
    var members: [JSON.Member] {
        switch self {
        case .pod(let record): record.json
        case .node(let record): record.json
        case .budget(let record): record.json
        case .workload(let view): view.json
        case .namespace(let record): record.json
        case .event(let record): record.json
        case .lease(let record): record.json
        }
    }
}

extension NamespaceRecord {
    fileprivate var json: [JSON.Member] {
        [
            .init(name: "metadata", value: metadata.json()),
            .init(name: "spec", value: ["finalizers": ["kubernetes"]]),
            .init(name: "status", value: ["phase": .string(isTerminating ? "Terminating" : "Active")]),
        ]
    }
}

extension WorkloadView {
    fileprivate var json: [JSON.Member] {
        [
            .init(name: "metadata", value: metadata.json()), .init(name: "spec", value: spec),
            .init(name: "status", value: status),
        ]
    }

    private var spec: JSON {
        var json: JSON = [:]
        if resource == .jobs {
            json.add("completions", 1)
            json.add("parallelism", 1)
        } else if resource != .daemonSets {
            json.add("replicas", .int(replicas))
        }
        json.add("selector", ["matchLabels": JSON(matchLabels)])
        json.add(
            "template",
            [
                "metadata": ["labels": JSON(matchLabels)],
                "spec": ["containers": [["name": .string(container.name), "image": .string(container.image)]]],
            ])
        if resource == .statefulSets { json.add("serviceName", .string(metadata.name)) }
        return json
    }

    private var status: JSON {
        let generation = JSON.int(metadata.generation)
        switch resource {
        case .daemonSets:
            return [
                "currentNumberScheduled": .int(current), "desiredNumberScheduled": .int(replicas),
                "numberAvailable": .int(ready), "numberMisscheduled": 0, "numberReady": .int(ready),
                "observedGeneration": generation, "updatedNumberScheduled": .int(current),
            ]
        case .jobs: return ["succeeded": .int(succeeded), "active": .int(current)]
        default:
            return [
                "observedGeneration": generation, "replicas": .int(current), "updatedReplicas": .int(current),
                "readyReplicas": .int(ready), "availableReplicas": .int(ready),
            ]
        }
    }

    /// The `scale` subresource.
    var scale: JSON {
        [
            "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata.json(),
            "spec": ["replicas": .int(replicas)],
            "status": [
                "replicas": .int(current),
                "selector": .string(
                    matchLabels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ",")),
            ],
        ]
    }
}

extension EventRecord {
    fileprivate var json: [JSON.Member] {
        var involved: JSON = ["kind": .string(involvedKind)]
        involved.add("namespace", involvedNamespace.isEmpty ? nil : .string(involvedNamespace))
        involved.add("name", .string(involvedName))
        involved.add("apiVersion", involvedAPIVersion.isEmpty ? nil : .string(involvedAPIVersion))
        involved.add("uid", involvedUID.isEmpty ? nil : .string(involvedUID))
        let time = eventTime.map { JSON.string($0.rfc3339(.microseconds)) } ?? .null
        return [
            .init(name: "metadata", value: metadata.json(generateName: generateName.isEmpty ? nil : generateName)),
            .init(name: "involvedObject", value: involved), .init(name: "reason", value: .string(reason)),
            .init(name: "message", value: .string(message)), .init(name: "source", value: [:]),
            .init(name: "firstTimestamp", value: .null), .init(name: "lastTimestamp", value: .null),
            .init(name: "type", value: .string(type)), .init(name: "eventTime", value: time),
            .init(name: "action", value: .string(action)),
            .init(name: "reportingComponent", value: .string(reportingComponent)),
            .init(name: "reportingInstance", value: .string(reportingInstance)),
        ]
    }
}

extension LeaseRecord {
    fileprivate var json: [JSON.Member] {
        var spec: JSON = [:]
        spec.add("holderIdentity", holderIdentity.isEmpty ? nil : .string(holderIdentity))
        spec.add("leaseDurationSeconds", leaseDurationSeconds == 0 ? nil : .int(leaseDurationSeconds))
        spec.add("acquireTime", acquireTime.map { .string($0.rfc3339(.microseconds)) })
        spec.add("renewTime", renewTime.map { .string($0.rfc3339(.microseconds)) })
        spec.add("leaseTransitions", leaseTransitions == 0 ? nil : .int(leaseTransitions))
        return [.init(name: "metadata", value: metadata.json()), .init(name: "spec", value: spec)]
    }
}
