import DrainEngine
import Timestamps

/// A line of a timeline in text: one column a slice of time, each what most of its slice was.
struct Bar {
    private let start: Timestamp
    private let slice: Double
    private var seconds: [[Character: Double]]

    /// `columns`: more than 0.
    init(from start: Timestamp, to end: Timestamp, columns: Int) {
        self.start = start
        slice = max((end - start).inSeconds, 0.001) / Double(columns)
        seconds = Array(repeating: [:], count: columns)
    }

    mutating func fill(_ letter: Character, from: Timestamp, to: Timestamp) {
        let begin = Amount.held((from - start).inSeconds)
        let end = Amount.held((to - start).inSeconds)
        guard end > begin else { return }
        let last = min(Int(end / slice), seconds.count - 1)
        for column in min(Int(begin / slice), last)...last {
            let low = max(begin, Double(column) * slice)
            let high = min(end, Double(column + 1) * slice)
            if high > low { seconds[column][letter, default: 0] += high - low }
        }
    }

    var letters: [Character] {
        seconds.map { column in column.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? " " }
    }
}
