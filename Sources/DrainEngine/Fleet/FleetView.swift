import KubernetesAPI
import Timestamps

/// What one node has seen of the fleet's Leases, and for how long each has not changed by this node's own clock: the
/// times written in them come from other clocks, and are never read.
struct FleetView {
    private struct Sighting {
        var lease: Lease
        /// How long it has been seen with this resourceVersion.
        var unchanged = Duration.zero
        /// Its holder was looked at, and does not need it any more.
        var isAbandoned = false
        var inspected: Timestamp?
    }

    /// Between two lists more than this is not counted: who renews may have been cut off just as we were.
    static let longestGap = Duration.seconds(20)
    /// A slot's holder that has been silent for so long may be gone.
    private static let suspicion = Duration.seconds(60)
    private static let inspectionInterval = Duration.seconds(30)

    private let node: String
    private let fleet: DrainPolicy.Fleet
    private var sightings: [String: Sighting] = [:]
    private var listed: Timestamp?

    init(node: String, fleet: DrainPolicy.Fleet) {
        self.node = node
        self.fleet = fleet
    }

    mutating func listed(_ leases: [Lease], at now: Timestamp) {
        let gap = min(listed.map { now - $0 } ?? .zero, Self.longestGap)
        listed = now
        let old = sightings
        sightings = [:]
        for lease in leases {
            var sighting = Sighting(lease: lease)
            if let known = old[lease.metadata.name],
                known.lease.metadata.resourceVersion == lease.metadata.resourceVersion
            {
                sighting = known
                sighting.unchanged += max(gap, .zero)
            }
            sightings[lease.metadata.name] = sighting
        }
    }

    /// What the holder of a silent slot is like: gone, or ready for pods again, or in need of its slot.
    mutating func inspected(_ slot: String, isAbandoned: Bool, at now: Timestamp) {
        sightings[slot]?.isAbandoned = isAbandoned
        sightings[slot]?.inspected = now
    }

    func lease(_ name: String) -> Lease? { sightings[name]?.lease }

    private var slots: [String] { (0..<fleet.parallel).map(FleetLease.slot) }

    /// The slot that this node has already: it was restarted, or an answer was lost.
    var own: Lease? { slots.lazy.compactMap { sightings[$0]?.lease }.first { $0.spec.holderIdentity == node } }

    var free: [String] { slots.filter(isFree) }

    private func isFree(_ slot: String) -> Bool {
        guard let sighting = sightings[slot] else { return true }
        let spec = sighting.lease.spec
        let life = spec.leaseDurationSeconds > 0 ? Duration.seconds(spec.leaseDurationSeconds) : fleet.ttl
        return spec.holderIdentity.isEmpty || sighting.isAbandoned || sighting.unchanged >= life
    }

    /// Who has its turn, by name.
    var holders: [String] {
        slots.filter { !isFree($0) }.compactMap { sightings[$0]?.lease.spec.holderIdentity }.sorted()
    }

    /// Slots whose holder is to be looked at now.
    func suspects(at now: Timestamp) -> [(slot: String, holder: String)] {
        slots.compactMap { slot in
            guard let sighting = sightings[slot], !isFree(slot), sighting.unchanged >= Self.suspicion,
                sighting.inspected.map({ now - $0 >= Self.inspectionInterval }) ?? true
            else { return nil }
            return (slot, sighting.lease.spec.holderIdentity)
        }
    }

    /// Tickets that nobody renews any more.
    var deadTickets: [Lease] { tickets.filter { $0.unchanged >= FleetLease.ticketLife }.map(\.lease) }

    /// How many wait before this node: all, while it has no ticket.
    var place: Int {
        let holders = Set(holders)
        let living = tickets.filter {
            $0.unchanged < FleetLease.ticketLife && !holders.contains($0.lease.spec.holderIdentity)
        }
        guard let own = sightings[FleetLease.ticket(node)]?.lease else { return living.count }
        return living.count { Self.isEarlier($0.lease, own) }
    }

    private var tickets: [Sighting] {
        sightings.values.filter {
            FleetLease.isTicket($0.lease.metadata.name) && $0.lease.spec.holderIdentity != node
        }
    }

    /// First come, first served, by the API server's own clock.
    private static func isEarlier(_ a: Lease, _ b: Lease) -> Bool {
        let (early, late) = (a.metadata.creationTimestamp, b.metadata.creationTimestamp)
        return (early ?? .distantFuture, a.metadata.name) < (late ?? .distantFuture, b.metadata.name)
    }
}
