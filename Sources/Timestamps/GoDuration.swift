/// Durations as kubectl's flags write them (Go's `time.ParseDuration`): `90s`, `1m30s`, `1.5h`, `300ms`, `0`.
public enum GoDuration {
    /// `nil` for anything that Go would refuse, and for what overflows 292 years.
    public static func parse(_ text: some StringProtocol) -> Duration? {
        var rest = Substring(text)
        let negative = rest.first == "-"
        if negative || rest.first == "+" { rest.removeFirst() }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { return nil }
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            rest = rest.dropFirst(number.count)
            let unit = rest.prefix { $0 != "." && !($0.isASCII && $0.isNumber) }
            rest = rest.dropFirst(unit.count)
            guard number.contains(where: { $0 != "." }), let value = Double(number.hasPrefix(".") ? "0\(number)" : String(number)),
                let scale = nanoseconds(in: unit)
            else { return nil }
            total += value * scale
        }
        guard total < Double(Int64.max) else { return nil }
        return .nanoseconds(Int64((negative ? -total : total).rounded()))
    }

    /// The shortest exact form down to milliseconds: `1h5m0s`, `20s`, `1.25s`, `300ms`, `0s`.
    public static func format(_ duration: Duration) -> String {
        let milliseconds = duration.nanoseconds / 1_000_000
        guard milliseconds >= 0 else { return "-" + format(.zero - duration) }
        if milliseconds == 0 { return "0s" }
        if milliseconds < 1000 { return "\(milliseconds)ms" }
        let (minutes, rest) = milliseconds.quotientAndRemainder(dividingBy: 60_000)
        var text = ""
        if minutes >= 60 { text += "\(minutes / 60)h" }
        if minutes > 0 { text += "\(minutes % 60)m" }
        var fraction = String(rest % 1000 + 1000).dropFirst()
        while fraction.last == "0" { fraction.removeLast() }
        return text + "\(rest / 1000)" + (fraction.isEmpty ? "" : "." + fraction) + "s"
    }

    private static func nanoseconds(in unit: Substring) -> Double? {
        switch unit {
        case "ns": 1
        case "us", "µs", "μs": 1e3
        case "ms": 1e6
        case "s": 1e9
        case "m": 60e9
        case "h": 3600e9
        default: nil
        }
    }
}
