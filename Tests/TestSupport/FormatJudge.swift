import FoundationEssentials

/// The judge of scrapes, the same that the end-to-end tests have: PyPI's prometheus_client, and promtool.
public enum FormatJudge {
    /// What is wrong with scrapes of which each is two renderings of one snapshot; nothing: they are right and agree.
    public static func complaints(about pairs: [(text: [UInt8], openmetrics: [UInt8])]) async throws -> String {
        let input = try JSONEncoder().encode(
            pairs.map { [String(decoding: $0.text, as: UTF8.self), String(decoding: $0.openmetrics, as: UTF8.self)] })
        let judge = "\(Fixtures.root)/Tests/EndToEnd/harness/exposition.py"
        let verdict = try await Oracle.ask(Oracle.python, ["-B", judge], about: Array(input))
        guard verdict.succeeded else { return verdict.complaints }
        guard Oracle.promtool != nil else { return "" }
        for pair in pairs {
            let verdict = try await Oracle.ask(Oracle.promtool, ["check", "metrics"], about: pair.text)
            guard verdict.succeeded else { return "promtool: \(verdict.complaints)\(verdict.output)" }
        }
        return ""
    }
}
