internal import KubernetesAPI

extension ClusterModel {
    private static let leaseLimit = 1000

    mutating func create(_ lease: Lease) -> ModelResponse.Answer {
        guard lease.metadata.resourceVersion.isEmpty else { return .status(.versionOnCreation) }
        let name = lease.metadata.name
        if let refusal = refusal(of: .leases, name, in: lease.metadata.namespace) { return .status(refusal) }
        guard index(ofLease: name, in: lease.metadata.namespace) == nil else {
            return .status(.alreadyExists(.leases, name))
        }
        guard leases.count < Self.leaseLimit else { return .status(.internalError("too many leases")) }
        var lease = lease
        lease.metadata.uid = random.uid()
        lease.metadata.creationTimestamp = second
        lease.metadata.resourceVersion = String(nextRevision())
        leases.append(lease)
        record(.added, .lease(lease), previous: nil)
        return .object(code: 201, .lease(lease))
    }

    /// Of a Lease that is not there a PUT makes one, whatever version it names (seen on 1.20).
    mutating func update(_ lease: Lease) -> ModelResponse.Answer {
        var lease = lease
        let version = lease.metadata.resourceVersion
        guard let index = index(ofLease: lease.metadata.name, in: lease.metadata.namespace) else {
            lease.metadata.resourceVersion = ""
            return create(lease)
        }
        let previous = leases[index]
        guard !version.isEmpty else { return .status(.versionMissing(.leases, lease.metadata.name)) }
        guard version == previous.metadata.resourceVersion else {
            return .status(.modified(.leases, lease.metadata.name))
        }
        lease.metadata.uid = previous.metadata.uid
        lease.metadata.creationTimestamp = previous.metadata.creationTimestamp
        lease.metadata.resourceVersion = String(nextRevision())
        leases[index] = lease
        record(.modified, .lease(lease), previous: .lease(previous))
        return .object(code: 200, .lease(lease))
    }

    mutating func remove(lease name: String, in namespace: String, _ version: String?) -> ModelResponse.Answer {
        guard let index = index(ofLease: name, in: namespace) else { return .status(.notFound(.leases, name)) }
        let found = leases[index].metadata.resourceVersion
        if let version, version != found {
            return .status(.versionPrecondition(.leases, name, wanted: version, found: found))
        }
        let previous = leases.remove(at: index)
        var last = previous
        last.metadata.resourceVersion = String(nextRevision())
        record(.deleted, .lease(last), previous: .lease(previous))
        return .status(.done)
    }

    private func index(ofLease name: String, in namespace: String) -> Int? {
        leases.firstIndex { $0.metadata.namespace == namespace && $0.metadata.name == name }
    }
}
