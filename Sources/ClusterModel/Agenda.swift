internal import Timestamps

/// Something the cluster will do by itself.
enum DueEvent: Sendable, Equatable {
    case bind(PodHandle)
    case start(PodHandle)
    case becomeReady(PodHandle)
    /// The containers end: by themselves, or killed when the grace period is over.
    case stop(PodHandle)
    case remove(PodHandle)
    case reconcile(workload: Int)
    case syncBudget(Int)
    /// An eviction that never came true is forgotten.
    case recheckBudget(Int)
    /// Its namespace is going.
    case sweep(PodHandle)
    case taint(node: Int)
    case detach(volume: String, node: String)
    case perform(action: Int)
}

/// What is due, earliest first; at the same moment, in the order it was entered. A binary heap.
struct Agenda: Sendable, Equatable {
    struct Entry: Sendable, Equatable {
        var time: Timestamp
        var sequence: UInt64
        var event: DueEvent

        func isBefore(_ other: Entry) -> Bool {
            time == other.time ? sequence < other.sequence : time < other.time
        }
    }

    private var heap: [Entry] = []
    private var sequence: UInt64 = 0

    var earliest: Timestamp? { heap.first?.time }

    mutating func add(_ event: DueEvent, at time: Timestamp) {
        sequence += 1
        heap.append(Entry(time: time, sequence: sequence, event: event))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// The earliest entry, if it is due by `moment`.
    mutating func next(by moment: Timestamp) -> Entry? {
        guard let first = heap.first, first.time <= moment else { return nil }
        let last = heap.removeLast()
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].isBefore(heap[least]) { least = child }
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
