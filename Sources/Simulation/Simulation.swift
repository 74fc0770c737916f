/// What one seed came to.
public struct Outcome: Sendable {
    public var seed: UInt64
    public var digest: UInt64
    public var violation: Violation?
    public var coverage: Coverage
}

public enum Simulation {
    /// Plays a seed; the same arguments give the same outcome.
    public static func run(
        seed: UInt64, without: Set<Feature> = [], podLimit: Int = .max, trace: Trace? = nil
    ) -> Outcome {
        let world = World(Scenario(seed: seed, without: without, podLimit: podLimit), trace: trace)
        world.run()
        return Outcome(
            seed: seed, digest: world.digest.value, violation: world.violation, coverage: world.coverage)
    }
}
