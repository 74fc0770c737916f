internal import KubernetesAPI

/// A pod's place in the store; a pod that took the place later has another serial.
struct PodHandle: Sendable, Hashable {
    var slot: Int
    var serial: Int
}

/// Every pod: found by handle at once, by name by bisection, walked in the API's order (namespace, then name).
struct PodStore: Sendable, Equatable {
    private struct Slot: Sendable, Equatable {
        var serial: Int
        var record: PodRecord?
    }

    private var slots: [Slot] = []
    private var free: [Int] = []
    private var order: [Int] = []
    private var serial = 0

    var count: Int { order.count }

    /// In the API's order.
    var handles: [PodHandle] { order.map { PodHandle(slot: $0, serial: slots[$0].serial) } }

    subscript(_ handle: PodHandle) -> PodRecord? {
        guard slots[handle.slot].serial == handle.serial else { return nil }
        return slots[handle.slot].record
    }

    /// Changes the pod in place; nothing happens if it is gone.
    mutating func update<Result>(_ handle: PodHandle, _ change: (inout PodRecord) -> Result) -> Result? {
        guard slots[handle.slot].serial == handle.serial, slots[handle.slot].record != nil else { return nil }
        return change(&slots[handle.slot].record!)
    }

    func find(namespace: String, name: String) -> PodHandle? {
        let position = self.position(namespace, name)
        guard position < order.count, let metadata = slots[order[position]].record?.pod.metadata,
            metadata.namespace == namespace, metadata.name == name
        else { return nil }
        return PodHandle(slot: order[position], serial: slots[order[position]].serial)
    }

    mutating func insert(_ record: PodRecord) -> PodHandle {
        serial += 1
        let position = self.position(record.pod.metadata.namespace, record.pod.metadata.name)
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(Slot(serial: serial, record: nil)) }
        slots[slot] = Slot(serial: serial, record: record)
        order.insert(slot, at: position)
        return PodHandle(slot: slot, serial: serial)
    }

    mutating func remove(_ handle: PodHandle) {
        guard let record = self[handle] else { return }
        let position = self.position(record.pod.metadata.namespace, record.pod.metadata.name)
        order.remove(at: position)
        slots[handle.slot].record = nil
        free.append(handle.slot)
    }

    /// Every pod in the API's order, without copies.
    func forEach(_ body: (PodHandle, PodRecord) -> Void) {
        for slot in order {
            guard let record = slots[slot].record else { continue }
            body(PodHandle(slot: slot, serial: slots[slot].serial), record)
        }
    }

    /// The first place whose pod does not come before this name.
    private func position(_ namespace: String, _ name: String) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            guard let metadata = slots[order[middle]].record?.pod.metadata else { return middle }
            let isBefore =
                metadata.namespace == namespace ? metadata.name < name : metadata.namespace < namespace
            if isBefore { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
