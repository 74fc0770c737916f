public import KubernetesAPI
public import Timestamps

/// The Leases that turns are made of: one a slot, whose holder has its turn, and one a waiting node.
public enum FleetLease {
    /// How long a ticket counts that is not renewed.
    static let ticketLife = Duration.seconds(60)

    static func slot(_ index: Int) -> String { "\(slotPrefix)\(index)" }

    /// Whether a node has its turn by it.
    public static func isSlot(_ lease: Lease, of node: String) -> Bool {
        lease.spec.holderIdentity == node && !isTicket(lease.metadata.name)
            && lease.metadata.name.hasPrefix(slotPrefix)
    }

    private static let slotPrefix = "drain-agent-"
    private static let ticketPrefix = "drain-agent-wait-"
    /// What a name may be long.
    private static let longestName = 253

    static func isTicket(_ name: String) -> Bool { name.hasPrefix(ticketPrefix) }

    /// A node's name is a valid end of a Lease's, unless it is too long: then a hash stands for its rest.
    static func ticket(_ node: String) -> String {
        let room = longestName - ticketPrefix.utf8.count
        guard node.utf8.count > room else { return ticketPrefix + node }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in node.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return ticketPrefix + node.prefix(room - 18) + "x-" + digits
    }

    /// `old`: what it replaces, and whose version must still be right; `nil`: it is new.
    static func taking(
        _ name: String, in namespace: String, over old: Lease?, holder: String, life: Duration, at now: Timestamp
    ) -> Lease {
        var lease = old ?? Lease(metadata: ObjectMeta(name: name, namespace: namespace))
        lease.metadata.namespace = namespace
        if lease.spec.holderIdentity != holder {
            lease.spec.acquireTime = now
            if old != nil { lease.spec.leaseTransitions += 1 }
        }
        lease.spec.holderIdentity = holder
        lease.spec.leaseDurationSeconds = max(1, Int(life.components.seconds))
        lease.spec.renewTime = now
        return lease
    }

    /// Nobody's: the API wants a duration all the same.
    public static func emptied(_ lease: Lease, at now: Timestamp) -> Lease {
        var lease = lease
        lease.spec.holderIdentity = ""
        lease.spec.leaseDurationSeconds = 1
        lease.spec.renewTime = now
        return lease
    }
}
