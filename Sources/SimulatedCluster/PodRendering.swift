internal import ClusterModel
internal import KubernetesAPI
internal import Timestamps

extension PodRecord {
    /// A pod as the API server writes it, without kind and version.
    var json: [JSON.Member] {
        let owner = pod.metadata.controller
        let isGenerated = owner?.kind == "ReplicaSet" || owner?.kind == "DaemonSet" || owner?.kind == "Job"
        let stem = pod.metadata.name.lastIndex(of: "-").map { String(pod.metadata.name[...$0]) }
        return [
            .init(name: "metadata", value: pod.metadata.json(generateName: isGenerated ? stem : nil)),
            .init(name: "spec", value: spec), .init(name: "status", value: status),
        ]
    }

    private var spec: JSON {
        var json: JSON = [:]
        json.add("volumes", pod.spec.volumes.isEmpty ? nil : .array(pod.spec.volumes.map(\.json)))
        json.add(
            "containers",
            [
                [
                    "name": .string(container.name), "image": .string(container.image), "resources": [:],
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                    "imagePullPolicy": "IfNotPresent",
                ]
            ])
        json.add("restartPolicy", pod.metadata.controller?.kind == "Job" ? "Never" : "Always")
        json.add("terminationGracePeriodSeconds", .int(Int(pod.spec.terminationGracePeriodSeconds)))
        json.add("dnsPolicy", "ClusterFirst")
        json.add("nodeSelector", nodeSelector.isEmpty ? nil : JSON(nodeSelector))
        json.add("nodeName", pod.spec.nodeName.isEmpty ? nil : .string(pod.spec.nodeName))
        json.add("securityContext", [:])
        json.add("schedulerName", "default-scheduler")
        json.add("priority", .int(Int(pod.spec.priority)))
        json.add("enableServiceLinks", true)
        json.add("preemptionPolicy", "PreemptLowerPriority")
        return json
    }

    private var status: JSON {
        var json: JSON = ["phase": .string(pod.status.phase)]
        let probe = JSON.Member(name: "lastProbeTime", value: .null)
        json.add(
            "conditions", pod.status.conditions.isEmpty ? nil : .array(pod.status.conditions.map { $0.json(probe) }))
        if !address.isEmpty {
            json.add("podIP", .string(address))
            json.add("podIPs", [["ip": .string(address)]])
        }
        if let startedAt {
            json.add("startTime", .string(startedAt.rfc3339()))
            json.add(
                "containerStatuses", .array(pod.status.containerStatuses.map { containerStatus($0, startedAt) }))
        }
        json.add("qosClass", "BestEffort")
        return json
    }

    private func containerStatus(_ container: ContainerStatus, _ startedAt: Timestamp) -> JSON {
        let since = JSON.string(startedAt.rfc3339())
        let hasFailed = pod.status.phase == "Failed"
        let state: JSON =
            container.isRunning
            ? ["running": ["startedAt": since]]
            : [
                "terminated": [
                    "exitCode": hasFailed ? 1 : 0, "startedAt": since, "finishedAt": since,
                    "reason": hasFailed ? "Error" : "Completed",
                ]
            ]
        return [
            "name": .string(container.name), "state": state, "lastState": [:], "ready": .bool(pod.isReady),
            "restartCount": 0, "image": .string(self.container.image), "imageID": .string(self.container.image),
            "started": .bool(container.isRunning),
        ]
    }
}

extension Volume {
    fileprivate var json: JSON {
        var json: JSON = ["name": .string(name)]
        json.add("emptyDir", emptyDir == nil ? nil : [:])
        json.add("persistentVolumeClaim", persistentVolumeClaim.map { ["claimName": .string($0.claimName)] })
        return json
    }
}
