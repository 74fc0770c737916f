/// Durations as kubectl's flags write them (Go's `time.ParseDuration`): `90s`, `1m30s`, `1.5h`, `300ms`, `0`.
public enum GoDuration {
    /// `nil` for anything that Go would refuse, overflow of 292 years included.
    public static func parse(_ text: some StringProtocol) -> Duration? {
        var rest = Substring(text)
        let negative = rest.first == "-"
        if negative || rest.first == "+" { rest.removeFirst() }
        if rest == "0" { return .zero }
        guard !rest.isEmpty else { return nil }
        var total: UInt64 = 0
        while !rest.isEmpty {
            guard let part = part(&rest) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow, sum <= 1 << 63 else { return nil }
            total = sum
        }
        if negative { return .nanoseconds(total == 1 << 63 ? .min : -Int64(total)) }
        return Int64(exactly: total).map { .nanoseconds($0) }
    }

    /// One number with its unit, taken off the front, in nanoseconds.
    private static func part(_ rest: inout Substring) -> UInt64? {
        let whole = digits(&rest)
        var fraction: Substring = ""
        if rest.first == "." {
            rest.removeFirst()
            fraction = digits(&rest)
        }
        let unit = rest.prefix { $0 != "." && !isDigit($0) }
        rest = rest.dropFirst(unit.count)
        guard !(whole.isEmpty && fraction.isEmpty), let scale = nanoseconds(in: unit),
            let number = whole.isEmpty ? 0 : UInt64(whole)
        else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: scale)
        guard !overflow else { return nil }
        let (sum, carried) = product.addingReportingOverflow(Self.part(fraction, of: scale))
        return carried ? nil : sum
    }

    /// As Go has it: in floating point, from as many digits as fit 63 bits; what is below a nanosecond is cut.
    private static func part(_ fraction: Substring, of scale: UInt64) -> UInt64 {
        var number: UInt64 = 0
        var power = 1.0
        for digit in fraction {
            let (next, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow, next <= 1 << 63 else { break }
            number = next + UInt64(digit.wholeNumberValue ?? 0)
            power *= 10
        }
        return UInt64(Double(number) * (Double(scale) / power))
    }

    private static func digits(_ rest: inout Substring) -> Substring {
        let digits = rest.prefix(while: isDigit)
        rest = rest.dropFirst(digits.count)
        return digits
    }

    private static func isDigit(_ character: Character) -> Bool { ("0"..."9").contains(character) && character.isASCII }

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

    private static func nanoseconds(in unit: Substring) -> UInt64? {
        switch unit {
        case "ns": 1
        case "us", "µs", "μs": 1000
        case "ms": 1_000_000
        case "s": 1_000_000_000
        case "m": 60_000_000_000
        case "h": 3_600_000_000_000
        default: nil
        }
    }
}
