import KubernetesAPI
import Timestamps

/// Something to be said in the cluster. The same subject, reason and cause is one Event, which counts up.
struct ClusterNote: Equatable {
    struct Key: Hashable {
        var subject: ClusterEvent.Subject
        var reason: ClusterEventReason
        /// Which budget, or whose rollout, where there may be several.
        var cause = ""
    }

    var key: Key
    var message: String
    /// Not to be written before: what is over by then was not worth an Event.
    var due: Timestamp
    /// The same happening, better known: it does not count again.
    var isUpdate = false
    /// What is over now: taken back if it was not written yet, and then this is not worth writing either.
    var ends: ClusterEventReason?
}

/// What an event of the drain leads to.
enum ClusterRemark: Equatable {
    case note(ClusterNote)
    case conditions([Condition])
}
