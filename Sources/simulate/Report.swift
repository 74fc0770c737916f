import Simulation

/// What a run came to, for people.
struct Report {
    let fleet: WorkerFleet
    let without: Set<Feature>
    let podLimit: Int

    var missing: [String] { fleet.counts.filter { $0.value == 0 }.keys.sorted() }

    /// The first of each kind is made as small as it can be.
    func tell(coverage: Bool) {
        var shrunk: Set<String> = []
        for failure in fleet.failures {
            print("seed \(failure.seed): \(failure.invariant): \(failure.text)")
            guard shrunk.insert(failure.invariant).inserted else { continue }
            tellMore(of: failure)
        }
        if coverage {
            for (name, count) in fleet.counts.sorted(by: { $0.key < $1.key }) { print("\(count)\t\(name)") }
        }
        print(
            "\(fleet.played) seeds (\(fleet.range)), \(fleet.failures.count) with something forbidden, "
                + "digest \(String(fleet.digest, radix: 16))")
    }

    private func tellMore(of failure: WorkerFleet.Failure) {
        var options = ""
        let died = failure.invariant == Invariant.crash.rawValue || failure.invariant == Invariant.hang.rawValue
        if !died, let least = Shrinking(seed: failure.seed, without: without, podLimit: podLimit) {
            let trace = Trace()
            _ = Simulation.run(
                seed: failure.seed, without: least.without, podLimit: least.podLimit, trace: trace)
            for line in trace.lines.suffix(12) { print("    \(line.prefix(200))") }
            options = " " + least.options
        }
        print("    replay: simulate --seed \(failure.seed)\(options) --verbose")
    }
}
