import SeededRandom
public import Timestamps

/// What goes wrong on demand: the first fault that matches a request decides it.
public struct FaultPlan: Sendable, Equatable {
    public private(set) var faults: [Fault] = []

    public init() {}

    public var isEmpty: Bool { faults.isEmpty }

    public mutating func add(_ fault: Fault) { faults.append(fault) }

    public mutating func removeAll() { faults = [] }

    mutating func strike(_ request: ModelRequest, at now: Timestamp, _ random: inout SplitMix64) -> Fault.Effect? {
        guard let index = faults.firstIndex(where: { $0.matches(request, at: now) }) else { return nil }
        guard faults[index].probability >= 1 || random.chance(faults[index].probability) else { return nil }
        faults[index].remaining -= 1
        let effect = faults[index].effect
        if faults[index].remaining <= 0 { faults.remove(at: index) }
        return effect
    }
}

/// One thing that goes wrong.
public struct Fault: Sendable, Equatable {
    public enum Effect: Sendable, Equatable {
        case refuse(APIStatus)
        /// 429 in plain text, as API priority and fairness says it.
        case throttle(retryAfterSeconds: Int)
        /// 503 in plain text, as a proxy without a server behind it says it.
        case unavailable
        /// The connection dies; the request is done first, or never.
        case cut(afterEffect: Bool)
        /// The answer comes late.
        case delay(Duration)
    }

    public enum Target: Sendable, Equatable {
        case everything
        /// A verb and a resource, as access rules have them; the namespace and the name narrow it.
        case requests(AccessAttributes)
    }

    public var target: Target
    public var effect: Effect
    /// How many requests it hits.
    public var remaining: Int
    /// Of the requests that match, the share it hits.
    public var probability = 1.0
    public var from: Timestamp?
    public var until: Timestamp?

    public init(_ effect: Effect, on target: Target = .everything, times: Int = .max) {
        self.effect = effect
        self.target = target
        self.remaining = times
    }

    func matches(_ request: ModelRequest, at now: Timestamp) -> Bool {
        if let from, now < from { return false }
        if let until, now >= until { return false }
        guard case .requests(let wanted) = target else { return true }
        guard let access = request.access else { return false }
        return wanted.verb == access.verb && wanted.resource == access.resource
            && wanted.subresource == access.subresource
            && (wanted.namespace == nil || wanted.namespace == access.namespace)
            && (wanted.name.isEmpty || wanted.name == access.name)
    }
}

extension SplitMix64 {
    mutating func chance(_ probability: Double) -> Bool {
        Double(next() >> 11) / Double(1 << 53) < probability
    }
}
