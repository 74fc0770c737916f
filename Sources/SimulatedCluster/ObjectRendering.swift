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
        case .lease(let lease): lease.json
        case .volumeAttachment(let attachment): attachment.json
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
        json.add("paused", isPaused ? true : nil)
        json.add("strategy", strategy?.json)
        json.add(
            "selector",
            resource == .replicationControllers ? JSON(matchLabels) : ["matchLabels": JSON(matchLabels)])
        var metadata: JSON = ["labels": JSON(matchLabels)]
        metadata.add(
            "annotations", restartedAt.map { ["kubectl.kubernetes.io/restartedAt": .string($0)] })
        json.add(
            "template",
            [
                "metadata": metadata,
                "spec": ["containers": [["name": .string(container.name), "image": .string(container.image)]]],
            ])
        if resource == .statefulSets { json.add("serviceName", .string(self.metadata.name)) }
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
            .init(name: "message", value: .string(message)),
            .init(name: "source", value: component.isEmpty ? [:] : ["component": .string(component)]),
            .init(name: "firstTimestamp", value: firstTimestamp.map { .string($0.rfc3339()) } ?? .null),
            .init(name: "lastTimestamp", value: lastTimestamp.map { .string($0.rfc3339()) } ?? .null),
            .init(name: "count", value: .int(count)),
            .init(name: "type", value: .string(type)), .init(name: "eventTime", value: time),
            .init(name: "action", value: .string(action)),
            .init(name: "reportingComponent", value: .string(reportingComponent)),
            .init(name: "reportingInstance", value: .string(reportingInstance)),
        ]
    }
}

extension Lease {
    fileprivate var json: [JSON.Member] {
        var json: JSON = [:]
        json.add("holderIdentity", spec.holderIdentity.isEmpty ? nil : .string(spec.holderIdentity))
        json.add("leaseDurationSeconds", spec.leaseDurationSeconds == 0 ? nil : .int(spec.leaseDurationSeconds))
        json.add("acquireTime", spec.acquireTime.map { .string($0.rfc3339(.microseconds)) })
        json.add("renewTime", spec.renewTime.map { .string($0.rfc3339(.microseconds)) })
        json.add("leaseTransitions", spec.leaseTransitions == 0 ? nil : .int(spec.leaseTransitions))
        return [.init(name: "metadata", value: metadata.json()), .init(name: "spec", value: json)]
    }
}

extension VolumeAttachment {
    static let driver = "simulated.csi.example"

    fileprivate var json: [JSON.Member] {
        [
            .init(name: "metadata", value: metadata.json()),
            .init(
                name: "spec",
                value: [
                    "attacher": .string(Self.driver),
                    "source": persistentVolumeName.map { ["persistentVolumeName": .string($0)] } ?? [:],
                    "nodeName": .string(nodeName),
                ]), .init(name: "status", value: ["attached": true]),
        ]
    }
}

extension Workload.Strategy {
    fileprivate var json: JSON {
        var json: JSON = [:]
        json.add("type", type.map(JSON.string))
        guard let rollingUpdate else { return json }
        var limits: JSON = [:]
        limits.add("maxUnavailable", rollingUpdate.maxUnavailable?.json)
        limits.add("maxSurge", rollingUpdate.maxSurge?.json)
        json.add("rollingUpdate", limits)
        return json
    }
}
