import FoundationEssentials
import TestSupport

/// The tables of docs/metrics.md and its siblings.
enum Documentation {
    /// The rows below a heading, cell by cell.
    static func table(_ heading: String, of page: String = "metrics.md") throws -> [[String]] {
        let url = URL(fileURLWithPath: "\(Fixtures.root)/docs/\(page)")
        let lines = String(decoding: try Data(contentsOf: url), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        let section = lines.drop { $0 != "## \(heading)" }.dropFirst().prefix { !$0.hasPrefix("## ") }
        let rows = section.filter { $0.hasPrefix("| `") }
        return rows.map { row in
            row.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map { trimmed($0) }
        }
    }

    /// What stands between backticks.
    static func words(_ cell: some StringProtocol) -> [String] {
        let parts = cell.split(separator: "`", omittingEmptySubsequences: false)
        return stride(from: 1, to: parts.count, by: 2).map { String(parts[$0]) }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
