import DrainEngine

/// A pod's outlook in one word; those that stand in the way come first.
enum PlanWord: String, CaseIterable {
    case never, unknown, blocked, now, leaving, left
}

extension Forecast.PodOutlook {
    var word: PlanWord {
        switch self {
        case .now: .now
        case .blocked: .blocked
        case .never: .never
        case .leaving: .leaving
        case .left: .left
        case .unknown: .unknown
        }
    }
}

extension Forecast {
    func count(_ word: PlanWord) -> Int { pods.count { $0.outlook.word == word } }

    /// What stands in the way first, and within that in the drain's order.
    var sortedPods: [PodEntry] {
        PlanWord.allCases.flatMap { word in pods.filter { $0.outlook.word == word } }
    }
}
