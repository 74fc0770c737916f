import ArgumentParser
import Simulation

@main
struct Simulate: ParsableCommand {
    @Option var seed: UInt64?
    @Option var seeds: UInt64 = 1000
    @Option var from: UInt64 = 0
    @Option var without: String = ""
    @Option var pods: Int = .max
    @Flag var verbose = false

    func run() throws {
        let off = Set(without.split(separator: ",").compactMap { Feature(rawValue: String($0)) })
        if let seed {
            let trace = Trace()
            let outcome = Simulation.run(seed: seed, without: off, podLimit: pods, trace: trace)
            for line in verbose ? trace.lines[...] : trace.lines.suffix(25) { print(line) }
            if let violation = outcome.violation { print("\(violation.invariant.rawValue): \(violation.text)") }
            throw outcome.violation == nil ? ExitCode.success : ExitCode.failure
        }
        var byInvariant: [String: [(UInt64, String)]] = [:]
        for seed in from..<(from + seeds) {
            let outcome = Simulation.run(seed: seed, without: off, podLimit: pods)
            guard let violation = outcome.violation else { continue }
            byInvariant[violation.invariant.rawValue, default: []].append((seed, violation.text))
        }
        for (name, cases) in byInvariant.sorted(by: { $0.key < $1.key }) {
            print("\(name): \(cases.count)")
            for (seed, text) in cases.prefix(4) { print("    \(seed)  \(text.prefix(200))") }
        }
    }
}
