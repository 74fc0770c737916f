internal import KubernetesAPI

/// A pod's place in the store; a pod that took the place later has another serial.
struct PodHandle: Sendable, Hashable {
    var slot: Int
    var serial: Int
}

/// What controllers, budgets and the scheduler count by, ready at hand: walking the pods touches nothing else.
struct PodFacts: Sendable, Equatable {
    var namespace: String
    var name: String
    var workload: Int?
    var replicaSet: Int
    var budgets: [Int]
    var nodeName: String
    var isReady: Bool
    var isTerminating: Bool
    var isFinished: Bool
    var hasSucceeded: Bool
    var hasController: Bool

    init(_ record: PodRecord) {
        namespace = record.pod.metadata.namespace
        name = record.pod.metadata.name
        workload = record.workload
        replicaSet = record.replicaSet
        budgets = record.budgets
        nodeName = record.pod.spec.nodeName
        isReady = record.pod.isReady
        isTerminating = record.pod.isTerminating
        isFinished = record.pod.isFinished
        hasSucceeded = record.pod.status.phase == "Succeeded"
        hasController = record.pod.metadata.controller != nil
    }

    /// What a ReplicaSet counts: neither finished nor going.
    var isActive: Bool { !isTerminating && !isFinished }
}

/// Every pod: found by handle at once, by name by bisection, walked in the API's order (namespace, then name).
struct PodStore: Sendable, Equatable {
    private struct Slot: Sendable, Equatable {
        var serial: Int
        var facts: PodFacts
        /// Boxed: the watch log and lists share it. `nil`: free.
        var object: ClusterObject?
    }

    private var slots: [Slot] = []
    private var free: [Int] = []
    private var order: [Int] = []
    private var serial = 0

    /// In the API's order.
    var handles: [PodHandle] { order.map { PodHandle(slot: $0, serial: slots[$0].serial) } }

    func object(_ handle: PodHandle) -> ClusterObject? {
        guard slots[handle.slot].serial == handle.serial else { return nil }
        return slots[handle.slot].object
    }

    subscript(_ handle: PodHandle) -> PodRecord? {
        guard case .pod(let record) = object(handle) else { return nil }
        return record
    }

    func facts(_ handle: PodHandle) -> PodFacts? {
        object(handle) == nil ? nil : slots[handle.slot].facts
    }

    /// Puts a newer state of the pod in its place; nothing happens if it is gone.
    mutating func replace(_ handle: PodHandle, by record: PodRecord) {
        guard slots[handle.slot].serial == handle.serial, slots[handle.slot].object != nil else { return }
        slots[handle.slot].facts = PodFacts(record)
        slots[handle.slot].object = .pod(record)
    }

    func find(namespace: String, name: String) -> PodHandle? {
        let position = self.position(namespace, name)
        guard position < order.count else { return nil }
        let slot = order[position]
        guard slots[slot].facts.name == name, slots[slot].facts.namespace == namespace else { return nil }
        return PodHandle(slot: slot, serial: slots[slot].serial)
    }

    mutating func insert(_ record: PodRecord) -> PodHandle {
        serial += 1
        let position = self.position(record.pod.metadata.namespace, record.pod.metadata.name)
        let new = Slot(serial: serial, facts: PodFacts(record), object: .pod(record))
        let slot = free.popLast() ?? slots.count
        if slot == slots.count { slots.append(new) } else { slots[slot] = new }
        order.insert(slot, at: position)
        return PodHandle(slot: slot, serial: serial)
    }

    mutating func remove(_ handle: PodHandle) {
        guard let facts = facts(handle) else { return }
        order.remove(at: position(facts.namespace, facts.name))
        slots[handle.slot].object = nil
        free.append(handle.slot)
    }

    /// Every pod in the API's order.
    func forEach(_ body: (PodHandle, PodFacts) -> Void) {
        for slot in order { body(PodHandle(slot: slot, serial: slots[slot].serial), slots[slot].facts) }
    }

    /// The first place whose pod does not come before this name.
    private func position(_ namespace: String, _ name: String) -> Int {
        var (low, high) = (0, order.count)
        while low < high {
            let middle = (low + high) / 2
            let slot = order[middle]
            let isBefore =
                slots[slot].facts.namespace == namespace
                ? slots[slot].facts.name < name : slots[slot].facts.namespace < namespace
            if isBefore { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
