internal import ClusterModel
internal import KubernetesAPI
internal import Timestamps

/// What kubectl prints: a resource's columns, and an object's cells in them.
struct TableRendering {
    /// What goes with each row: `None`, `Metadata` or `Object`.
    enum Included: String { case none = "None", metadata = "Metadata", object = "Object" }

    var resource: ResourceKind
    var included = Included.metadata
    var now: Timestamp

    func table(_ objects: [ClusterObject], metadata: JSON) -> JSON {
        [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": .array(columns.map(\.json)), "rows": .array(objects.map(row)),
        ]
    }

    private func row(_ object: ClusterObject) -> JSON {
        var row: JSON = ["cells": .array(cells(object))]
        switch included {
        case .none: break
        case .object: row.add("object", object.json)
        case .metadata:
            row.add(
                "object",
                [
                    "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.metadata.json(),
                ])
        }
        return row
    }

    private struct Column {
        var name: String
        /// Only with `-o wide`.
        var isWide = false

        var json: JSON {
            [
                "name": .string(name), "type": "string", "format": name == "Name" ? "name" : "", "description": "",
                "priority": isWide ? 1 : 0,
            ]
        }
    }

    private var columns: [Column] {
        let (plain, wide): ([String], [String]) =
            switch resource {
            case .pods:
                (["Name", "Ready", "Status", "Restarts", "Age"], ["IP", "Node", "Nominated Node", "Readiness Gates"])
            case .nodes:
                (
                    ["Name", "Status", "Roles", "Age", "Version"],
                    ["Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"]
                )
            case .budgets: (["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"], [])
            case .deployments:
                (["Name", "Ready", "Up-to-date", "Available", "Age"], ["Containers", "Images", "Selector"])
            case .replicaSets, .replicationControllers:
                (["Name", "Desired", "Current", "Ready", "Age"], ["Containers", "Images", "Selector"])
            case .statefulSets: (["Name", "Ready", "Age"], ["Containers", "Images"])
            case .daemonSets: (["Name", "Desired", "Current", "Ready", "Up-to-date", "Available", "Age"], [])
            case .jobs: (["Name", "Status", "Completions", "Age"], [])
            case .namespaces: (["Name", "Status", "Age"], [])
            case .events: (["Last Seen", "Type", "Reason", "Object", "Message"], [])
            case .leases: (["Name", "Holder", "Age"], [])
            case .volumeAttachments: (["Name", "Attacher", "PV", "Node", "Attached", "Age"], [])
            }
        return plain.map { Column(name: $0) } + wide.map { Column(name: $0, isWide: true) }
    }

    private func cells(_ object: ClusterObject) -> [JSON] {
        let age = JSON.string(Self.age(of: object.metadata, at: now))
        let name = JSON.string(object.metadata.name)
        return switch object {
        case .pod(let record): cells(record, name, age)
        case .node(let record): cells(record, name, age)
        case .budget(let record): cells(record, name, age)
        case .workload(let view): cells(view, name, age)
        case .namespace(let record): [name, .string(record.isTerminating ? "Terminating" : "Active"), age]
        case .event(let record):
            [
                age, .string(record.type), .string(record.reason),
                .string("\(record.involvedKind.lowercased())/\(record.involvedName)"), .string(record.message),
            ]
        case .lease(let lease): [name, .string(lease.spec.holderIdentity), age]
        case .volumeAttachment(let attachment):
            [
                name, .string(VolumeAttachment.driver), .string(attachment.persistentVolumeName ?? ""),
                .string(attachment.nodeName), "true", age,
            ]
        }
    }

    private func cells(_ record: PodRecord, _ name: JSON, _ age: JSON) -> [JSON] {
        [
            name, .string(record.pod.isReady ? "1/1" : "0/1"), .string(record.displayedStatus), 0, age,
            .string(record.address.isEmpty ? "<none>" : record.address),
            .string(record.pod.spec.nodeName.isEmpty ? "<none>" : record.pod.spec.nodeName), "<none>", "<none>",
        ]
    }

    private func cells(_ record: NodeRecord, _ name: JSON, _ age: JSON) -> [JSON] {
        let isReady = record.node.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
        let status = (isReady ? "Ready" : "NotReady") + (record.node.spec.unschedulable ? ",SchedulingDisabled" : "")
        return [
            name, .string(status), "<none>", age, .string(record.kubeletVersion), .string(record.address), "<none>",
            "Simulated Linux", "6.1.0", "simulated://1",
        ]
    }

    private func cells(_ record: BudgetRecord, _ name: JSON, _ age: JSON) -> [JSON] {
        var (least, most) = ("N/A", "N/A")
        switch record.limit {
        case .minAvailable(let number): least = "\(number)"
        case .maxUnavailable(let number): most = "\(number)"
        }
        return [name, .string(least), .string(most), .int(record.status.disruptionsAllowed), age]
    }

    private func cells(_ view: WorkloadView, _ name: JSON, _ age: JSON) -> [JSON] {
        let ready = JSON.string("\(view.ready)/\(view.replicas)")
        let (container, image) = (JSON.string(view.container.name), JSON.string(view.container.image))
        let selector = JSON.string(
            view.matchLabels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ","))
        switch view.resource {
        case .deployments: return [name, ready, .int(view.current), .int(view.ready), age, container, image, selector]
        case .replicaSets, .replicationControllers:
            return [name, .int(view.replicas), .int(view.current), .int(view.ready), age, container, image, selector]
        case .statefulSets: return [name, ready, age, container, image]
        case .jobs:
            return [
                name, .string(view.succeeded > 0 ? "Complete" : "Running"), .string("\(min(1, view.succeeded))/1"), age,
            ]
        default:
            return [
                name, .int(view.replicas), .int(view.current), .int(view.ready), .int(view.current), .int(view.ready),
                age,
            ]
        }
    }

    /// As kubectl writes ages: two units at most, the second only where the first is small.
    static func age(of metadata: ObjectMeta, at now: Timestamp) -> String {
        guard let since = metadata.creationTimestamp else { return "<unknown>" }
        let seconds = max(0, (now - since).nanoseconds / 1_000_000_000)
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<600: return seconds % 60 == 0 ? "\(seconds / 60)m" : "\(seconds / 60)m\(seconds % 60)s"
        case ..<10_800: return "\(seconds / 60)m"
        case ..<172_800: return "\(seconds / 3600)h"
        default: return "\(seconds / 86_400)d"
        }
    }
}

extension PodRecord {
    /// kubectl's word for the pod's state.
    fileprivate var displayedStatus: String {
        if pod.isTerminating { return "Terminating" }
        switch pod.status.phase {
        case "Succeeded": return "Completed"
        case "Failed": return "Error"
        case "Pending": return pod.spec.nodeName.isEmpty ? "Pending" : "ContainerCreating"
        default: return pod.status.phase
        }
    }
}
