extension Forecast {
    /// A pod's outlook in one word; those that stand in the way come first.
    public enum Word: String, Sendable, CaseIterable {
        case never, unknown, blocked, now, leaving, left
    }

    public func count(_ word: Word) -> Int { pods.count { $0.outlook.word == word } }

    /// What stands in the way first, and within that in the drain's order.
    public var sortedPods: [PodEntry] {
        Word.allCases.flatMap { word in pods.filter { $0.outlook.word == word } }
    }
}

extension Forecast.PodOutlook {
    public var word: Forecast.Word {
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
