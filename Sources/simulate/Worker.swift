import Glibc
import Simulation

/// A process of its own that plays its share of the seeds, and says a line for each.
struct Worker {
    let range: SeedRange
    let share: WorkerShare
    let without: Set<Feature>
    let podLimit: Int

    /// `d SEED DIGEST`; `v SEED INVARIANT TEXT` where something forbidden happened; at the end `c COUNT NAME` for what was
    /// come by. A seed without a line is the one that the process died of.
    func run() {
        var counts: [String: Int] = [:]
        var total = Coverage()
        var seed = range.first + share.number
        while seed < range.end {
            let outcome = Simulation.run(seed: seed, without: without, podLimit: podLimit)
            total.merge(outcome.coverage)
            if let violation = outcome.violation {
                let text = violation.text.split(separator: "\n").joined(separator: " ")
                say("v \(seed) \(violation.invariant.rawValue) \(text)")
            } else {
                say("d \(seed) \(String(outcome.digest, radix: 16))")
            }
            seed += share.of
        }
        counts = total.counts
        for (name, count) in counts { say("c \(count) \(name)") }
    }

    private func say(_ line: String) {
        var text = line + "\n"
        text.withUTF8 { bytes in
            var left = bytes[...]
            while !left.isEmpty {
                let written = write(
                    1, UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[left.startIndex...]).baseAddress,
                    left.count)
                // Nobody listens any more.
                guard written > 0 else { exit(1) }
                left = left.dropFirst(written)
            }
        }
    }
}
