import Timestamps

/// What is due, earliest first; at the same moment, in the order it was entered.
struct EventQueue<Item> {
    private struct Entry {
        var time: Int64
        var sequence: UInt64
        var slot: Int

        func isBefore(_ other: Entry) -> Bool {
            time == other.time ? sequence < other.sequence : time < other.time
        }
    }

    private var heap: [Entry] = []
    private var items: [Item?] = []
    private var free: [Int] = []
    private var sequence: UInt64 = 0

    var earliest: Timestamp? { heap.first.map { Timestamp(nanoseconds: $0.time) } }

    mutating func add(_ item: Item, at time: Timestamp) {
        sequence += 1
        let slot = free.popLast() ?? items.count
        if slot == items.count { items.append(item) } else { items[slot] = item }
        heap.append(Entry(time: time.nanoseconds, sequence: sequence, slot: slot))
        var child = heap.count - 1
        while child > 0, heap[child].isBefore(heap[(child - 1) / 2]) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeFirst() -> Item? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            sink()
        }
        free.append(first.slot)
        defer { items[first.slot] = nil }
        return items[first.slot]
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
