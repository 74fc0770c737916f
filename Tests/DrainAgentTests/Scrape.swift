/// An answer of /metrics, by series.
struct Scrape {
    let text: String
    let all: [String: Double]

    init(_ body: [UInt8]) {
        text = String(decoding: body, as: UTF8.self)
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard let space = line.lastIndex(of: " ") else { continue }
            values[String(line[..<space])] = Double(line[line.index(after: space)...])
        }
        all = values
    }

    /// `nil`: no such series.
    subscript(_ series: String) -> Double? { all[series] }

    func hasEnded(_ outcome: String) -> Bool {
        self["drain_last_completion_timestamp_seconds{outcome=\"\(outcome)\"}"] ?? 0 > 0
    }
}
