/// The least of a scenario that still fails as it did.
public struct Shrinking {
    public private(set) var without: Set<Feature>
    public private(set) var podLimit = Int.max
    public private(set) var violation: Violation

    /// Leaves out one feature after the other, then workloads, as long as the same invariant fails.
    public init?(seed: UInt64, without: Set<Feature> = [], podLimit: Int = .max) {
        guard let found = Simulation.run(seed: seed, without: without, podLimit: podLimit).violation else { return nil }
        violation = found
        self.without = without
        self.podLimit = podLimit
        for feature in Feature.allCases where !without.contains(feature) {
            attempt(seed, self.without.union([feature]), self.podLimit)
        }
        for limit in 0..<13 where limit < self.podLimit {
            if attempt(seed, self.without, limit) { break }
        }
    }

    @discardableResult
    private mutating func attempt(_ seed: UInt64, _ without: Set<Feature>, _ podLimit: Int) -> Bool {
        guard let seen = Simulation.run(seed: seed, without: without, podLimit: podLimit).violation,
            seen.invariant == violation.invariant
        else { return false }
        (violation, self.without, self.podLimit) = (seen, without, podLimit)
        return true
    }

    /// `--without pauses,crashes --pods 2`
    public var options: String {
        var parts: [String] = []
        if !without.isEmpty {
            let names = Feature.allCases.filter(without.contains).map(\.rawValue)
            parts.append("--without \(names.joined(separator: ","))")
        }
        if podLimit < .max { parts.append("--pods \(podLimit)") }
        return parts.joined(separator: " ")
    }
}
