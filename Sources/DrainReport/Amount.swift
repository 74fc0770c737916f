import Timestamps

/// Seconds for people.
enum Amount {
    /// From here on minutes say more.
    private static let minutes = 300.0

    /// `5m3s`, `81 s`, `7.2 s`, `15 ms`, `0 s`.
    static func text(_ seconds: Double) -> String {
        let seconds = held(seconds)
        if seconds >= minutes { return GoDuration.format(.seconds(Int64(seconds.rounded()))) }
        if seconds >= 10 { return "\(Int(seconds.rounded())) s" }
        if seconds >= 1 { return "\(tenths(seconds)) s" }
        let milliseconds = Int((seconds * 1000).rounded())
        return milliseconds == 0 ? "0 s" : "\(milliseconds) ms"
    }

    /// `73 of 81 s`.
    static func share(_ part: Double, of whole: Double) -> String {
        let (part, whole) = (held(part), held(whole))
        guard part >= 10, whole < minutes else { return "\(text(part)) of \(text(whole))" }
        return "\(Int(part.rounded())) of \(Int(whole.rounded())) s"
    }

    static func counted(_ count: Int, _ noun: StaticString) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    static func tenths(_ number: Double) -> String {
        let tenths = Int((held(number) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    /// What no file of ours says, a file can say.
    static func held(_ number: Double) -> Double { number.isNaN ? 0 : min(max(number, 0), 1e12) }
}
