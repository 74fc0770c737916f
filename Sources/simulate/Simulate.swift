import ArgumentParser
import Simulation

/// Drains, played against a model of a cluster under virtual time: whatever happens, nothing forbidden may.
@main
struct Simulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play seeded drains against a model cluster, and check that nothing forbidden happens.",
        discussion: "Exits 0 when every seed keeps every invariant, and 1 when one does not.")

    @Option(help: "Play this one seed, and tell its last happenings.") var seed: UInt64?
    @Option(help: "How many seeds, or which: 1000, or 5000..<6000.") var seeds = SeedRange(count: 1000)
    @Option(help: "The first seed, where --seeds is a number.") var from: UInt64 = 0
    @Option(help: "Processes at once; 0: one a core.") var jobs = 0
    @Option(help: "Parts of the scenario to leave out, with commas between them.") var without = FeatureList()
    @Option(help: "Only so many workloads.") var pods = Int.max
    @Option(help: "Stop after so many seeds that fail.") var failures = 10
    @Flag(help: "With --seed: tell everything.") var verbose = false
    @Flag(help: "Tell how often each thing happened.") var coverage = false
    @Flag(help: "Fail, too, when something that is counted never happened.") var complete = false
    @Option(help: .private) var worker: WorkerShare?

    func run() throws {
        if let seed { throw playOne(seed) }
        let range = seeds.shifted(by: from)
        if let worker {
            Worker(range: range, share: worker, without: without.features, podLimit: pods).run()
            return
        }
        var fleet = try WorkerFleet(range: range, jobs: jobs, arguments: childArguments, failures: failures)
        try fleet.run()
        let report = Report(fleet: fleet, without: without.features, podLimit: pods)
        report.tell(coverage: coverage)
        let missing = complete ? report.missing : []
        if !missing.isEmpty { print("never happened: \(missing.joined(separator: ", "))") }
        if !fleet.failures.isEmpty || !missing.isEmpty { throw ExitCode.failure }
    }

    /// What a worker is told as we were.
    private var childArguments: [String] {
        var arguments: [String] = []
        if !without.features.isEmpty { arguments += ["--without", without.description] }
        if pods < .max { arguments += ["--pods", String(pods)] }
        return arguments
    }

    private func playOne(_ seed: UInt64) -> ExitCode {
        let trace = Trace()
        let outcome = Simulation.run(seed: seed, without: without.features, podLimit: pods, trace: trace)
        for line in verbose ? trace.lines[...] : trace.lines.suffix(25) { print(line) }
        guard let violation = outcome.violation else {
            print("seed \(seed): nothing forbidden happened (digest \(String(outcome.digest, radix: 16)))")
            return .success
        }
        print("seed \(seed): \(violation.invariant.rawValue): \(violation.text)")
        return .failure
    }
}

/// Some seeds, one after the other.
struct SeedRange: ExpressibleByArgument, CustomStringConvertible {
    var first: UInt64
    var end: UInt64
    private var isCount: Bool

    init(count: UInt64) { (first, end, isCount) = (0, count, true) }

    init?(argument: String) {
        if let count = UInt64(argument) {
            (first, end, isCount) = (0, count, true)
            return
        }
        let ends = argument.split(separator: "..<", omittingEmptySubsequences: false).map { UInt64($0) }
        guard ends.count == 2, let first = ends[0], let end = ends[1], first <= end else { return nil }
        (self.first, self.end, isCount) = (first, end, false)
    }

    /// A number of seeds begins at `from`; a range is as it is.
    func shifted(by from: UInt64) -> SeedRange {
        guard isCount else { return self }
        var range = self
        (range.first, range.end) = (from, from + end)
        return range
    }

    var count: UInt64 { end - first }
    var description: String { "\(first)..<\(end)" }
}

/// Which parts of a scenario to leave out.
struct FeatureList: ExpressibleByArgument, CustomStringConvertible {
    var features: Set<Feature> = []

    init() {}

    init?(argument: String) {
        for name in argument.split(separator: ",") {
            guard let feature = Feature(rawValue: String(name)) else { return nil }
            features.insert(feature)
        }
    }

    var description: String { Feature.allCases.filter(features.contains).map(\.rawValue).joined(separator: ",") }
    static var allValueStrings: [String] { Feature.allCases.map(\.rawValue) }
}

/// `2/4`: each fourth seed, from the third on.
struct WorkerShare: ExpressibleByArgument {
    var number: UInt64
    var of: UInt64

    init?(argument: String) {
        let parts = argument.split(separator: "/").compactMap { UInt64($0) }
        guard parts.count == 2, parts[0] < parts[1] else { return nil }
        (number, of) = (parts[0], parts[1])
    }
}
