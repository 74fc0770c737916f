import DrainEngine
import KubernetesAPI
import Timestamps

/// What the record of an earlier process asks of one that starts.
struct Inheritance: Equatable {
    enum Drain: Equatable {
        /// None, or none of ours: nothing is to be done about it.
        case none
        case resume(DrainRecord)
        /// It will not go on: why.
        case interrupted(DrainRecord, reason: String)
    }

    var drain: Drain
    /// The node has been booted since one of us cordoned it.
    var awaitsUncordon: Bool

    /// `agent`: who we are; `nil`: not known, so that nothing can be ours.
    init(_ record: DrainRecord?, on node: Node, agent: String?, at now: Timestamp) {
        guard let record else {
            (drain, awaitsUncordon) = (.none, false)
            return
        }
        // Without a boot id on both sides nobody can say whether it was a reboot.
        let isKnown = !record.bootID.isEmpty && !node.status.bootID.isEmpty
        let hasRebooted = isKnown && record.bootID != node.status.bootID
        awaitsUncordon = record.cordoned && hasRebooted
        drain = Self.drain(record, isKnown: isKnown, hasRebooted: hasRebooted, agent: agent, at: now)
    }

    private static func drain(
        _ record: DrainRecord, isKnown: Bool, hasRebooted: Bool, agent: String?, at now: Timestamp
    ) -> Drain {
        guard record.outcome == nil else { return .none }
        // Whoever's it was: no process lives through that.
        if hasRebooted { return .interrupted(record, reason: "interrupted: the node was rebooted") }
        guard record.agent == agent else { return .none }
        if !isKnown {
            return .interrupted(record, reason: "interrupted: the node tells no boot id, and may have been rebooted")
        }
        if let deadline = record.deadline, deadline <= now {
            return .interrupted(record, reason: "interrupted: its deadline has passed")
        }
        return .resume(record)
    }
}
