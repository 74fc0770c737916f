internal import FoundationEssentials
internal import KubernetesAPI

extension APIObject {
    private struct Mark: Decodable { var kind: String }
    private struct Version: Decodable { var gitVersion: String }

    /// What the body of a 2xx means, by what was asked. Where nothing of it is read it must still be the API server's:
    /// a proxy's page with status 200 is no success.
    init(answering call: APICall, _ body: [UInt8]) throws {
        let decoder = JSONDecoder()
        let data = Data(body)
        switch call {
        case .readNode(let name), .patchNode(let name, _, _):
            let node = try decoder.decode(Node.self, from: data)
            // Anything has metadata, and what has no `unschedulable` would be a node that nobody cordoned.
            guard try decoder.decode(Mark.self, from: data).kind == "Node", node.metadata.name == name else {
                throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it is not node \(name)"))
            }
            self = .node(node)
        case .readPod: self = .pod(try decoder.decode(Pod.self, from: data))
        case .readWorkload: self = .workload(try decoder.decode(Workload.self, from: data))
        case .createLease, .replaceLease: self = .lease(try decoder.decode(Lease.self, from: data))
        case .mayEvict: self = .allowed(try decoder.decode(AccessReviewResult.self, from: data).allowed)
        case .whoAmI: self = .identity(try decoder.decode(SelfIdentity.self, from: data))
        case .version:
            _ = try decoder.decode(Version.self, from: data)
            self = .other
        case .setNodeConditions, .restartRollout, .createEvent, .repeatEvent, .deleteLease, .evict, .deletePod,
            .readDaemonSet, .listPods, .listSelectedPods, .listBudgets, .listLeases, .listVolumeAttachments:
            _ = try decoder.decode(Mark.self, from: data)
            self = .other
        }
    }
}
