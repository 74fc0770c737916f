public import Timestamps

/// One change of one object: what a watch reports.
public struct ClusterChange: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case added = "ADDED"
        case modified = "MODIFIED"
        case deleted = "DELETED"
    }

    public var revision: Int
    public var time: Timestamp
    public var kind: Kind
    public var object: ClusterObject
    /// As it was before; `nil` for a new object.
    public var previous: ClusterObject?
}

/// The latest changes, oldest first; what is older is forgotten, and a watch from there has expired.
struct ChangeLog: Sendable, Equatable {
    private var changes: [ClusterChange] = []
    private var capacity: Int
    /// A watch may begin after this revision or a later one.
    private(set) var oldestStart = 0

    init(capacity: Int) { self.capacity = max(1, capacity) }

    var all: [ClusterChange] { changes }

    mutating func append(_ change: ClusterChange) {
        changes.append(change)
        // Twice the capacity, then half is dropped: forgetting costs the same however long it runs.
        if changes.count >= 2 * capacity { drop(changes.count - capacity) }
    }

    mutating func compact() { drop(changes.count) }

    private mutating func drop(_ count: Int) {
        guard count > 0 else { return }
        oldestStart = changes[count - 1].revision
        changes.removeFirst(count)
    }

    /// The changes after `revision`; `nil` if some of them are forgotten.
    func after(_ revision: Int) -> ArraySlice<ClusterChange>? {
        guard revision >= oldestStart else { return nil }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].revision <= revision { low = middle + 1 } else { high = middle }
        }
        return changes[low...]
    }

    /// The newest revision that was there at `moment`, as far as remembered.
    func revision(at moment: Timestamp) -> Int {
        changes.last { $0.time <= moment }?.revision ?? oldestStart
    }
}
