internal import ClusterModel
internal import KubernetesAPI
internal import Timestamps

extension NodeRecord {
    /// A node as the API server writes it, without kind and version.
    var json: [JSON.Member] {
        [
            .init(name: "metadata", value: node.metadata.json()), .init(name: "spec", value: spec),
            .init(name: "status", value: status),
        ]
    }

    private var spec: JSON {
        var json: JSON = [:]
        json.add("unschedulable", node.spec.unschedulable ? true : nil)
        if !node.spec.taints.isEmpty {
            json.add(
                "taints",
                .array(node.spec.taints.map { ["key": .string($0.key), "effect": .string($0.effect)] }))
        }
        return json
    }

    private var status: JSON {
        let room: JSON = ["cpu": "64", "memory": "512Gi", "pods": "110"]
        let conditions = node.status.conditions.map { condition in
            condition.json(
                .init(
                    name: "lastHeartbeatTime",
                    value: condition.lastTransitionTime.map { .string($0.rfc3339()) } ?? .null))
        }
        var json: JSON = [
            "capacity": room, "allocatable": room, "conditions": .array(conditions),
            "addresses": [
                ["type": "InternalIP", "address": .string(address)],
                ["type": "Hostname", "address": .string(node.metadata.name)],
            ],
            "daemonEndpoints": ["kubeletEndpoint": ["Port": 0]],
            "nodeInfo": [
                "machineID": "", "systemUUID": "", "bootID": .string(node.status.bootID), "kernelVersion": "6.1.0",
                "osImage": "Simulated Linux", "containerRuntimeVersion": "simulated://1",
                "kubeletVersion": .string(kubeletVersion), "kubeProxyVersion": "", "operatingSystem": "linux",
                "architecture": "amd64",
            ],
        ]
        let attached = node.status.volumesAttached
        if !attached.isEmpty {
            json.add(
                "volumesAttached", .array(attached.map { ["name": .string($0.name), "devicePath": ""] }))
        }
        return json
    }
}
