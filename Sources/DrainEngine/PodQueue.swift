/// Pods that were never asked for, first in first out within their tier; those that have moved on are skipped.
struct PodQueue {
    private struct Line {
        var pods: [Int] = []
        var head = 0
    }

    private var lines = [PodTier: Line]()
    /// Pods of this tier and those before it are asked for.
    private(set) var tier = PodTier.ordinary

    mutating func append(_ index: Int, _ tier: PodTier) { lines[tier, default: Line()].pods.append(index) }

    /// The next one that may be asked for and `isQueued`, taken out.
    mutating func next(_ isQueued: (Int) -> Bool) -> Int? {
        for tier in PodTier.allCases where tier <= self.tier {
            while var line = lines[tier], line.head < line.pods.count {
                let index = line.pods[line.head]
                line.head += 1
                lines[tier] = line
                if isQueued(index) { return index }
            }
        }
        return nil
    }

    /// Pods in the tiers that have started.
    var started: [Int] { PodTier.allCases.filter { $0 <= tier }.flatMap(waiting) }

    /// One of them is still queued.
    func hasStarted(_ isQueued: (Int) -> Bool) -> Bool {
        PodTier.allCases.contains { $0 <= tier && waiting($0).contains(where: isQueued) }
    }

    /// The first tier that has not started and has pods; `nil`: none.
    func nextTier(_ isQueued: (Int) -> Bool) -> PodTier? {
        PodTier.allCases.first { $0 > tier && waiting($0).contains(where: isQueued) }
    }

    /// Once started, a tier stays so.
    mutating func start(_ tier: PodTier) { self.tier = max(self.tier, tier) }

    private func waiting(_ tier: PodTier) -> ArraySlice<Int> {
        guard let line = lines[tier] else { return [] }
        return line.pods[line.head...]
    }
}
