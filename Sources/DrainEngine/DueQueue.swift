import Timestamps

/// Pods by the time they are due: a binary heap from which its owner drops outdated entries when they surface.
struct DueQueue {
    private struct Entry {
        var due: Timestamp
        var index: Int
    }

    private var heap: [Entry] = []

    mutating func insert(index: Int, due: Timestamp) {
        heap.append(Entry(due: due, index: index))
        var child = heap.count - 1
        while child > 0, isBefore(heap[child], heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The earliest entry.
    var first: (index: Int, due: Timestamp)? { heap.first.map { ($0.index, $0.due) } }

    mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(heap[child], heap[least])
            {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private func isBefore(_ a: Entry, _ b: Entry) -> Bool { (a.due, a.index) < (b.due, b.index) }
}
