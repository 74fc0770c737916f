/// A node's turn in the fleet: one of N Leases, held from before the cordon until the node is back.
public struct FleetTurn: Sendable {
    public enum Standing: Sendable, Equatable {
        /// So many are before us; the names of the nodes that have their turn now.
        case waiting(place: Int, holders: [String])
        case held(lease: String)
        /// Nothing new is begun until it is held again.
        case lost(reason: String)
    }
}
