/// A number of pods, or a share of them: `1` or `"25%"`.
public enum IntOrPercent: Sendable, Equatable {
    case int(Int)
    case percent(Int)

    public enum Rounding: Sendable { case up, down }

    /// What it means for so many pods.
    public func resolved(of total: Int, _ rounding: Rounding) -> Int {
        switch self {
        case .int(let value): return value
        case .percent(let share):
            let (product, overflow) = share.multipliedReportingOverflow(by: total)
            guard !overflow else { return total }
            let (whole, rest) = product.quotientAndRemainder(dividingBy: 100)
            return rounding == .up && rest > 0 ? whole + 1 : whole
        }
    }
}

extension IntOrPercent: Decodable {
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Int32.self) {
            self = .int(Int(number))
            return
        }
        let text = try value.decode(String.self)
        guard text.hasSuffix("%"), let share = Int32(text.dropLast()) else {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "neither a number nor a percentage")
        }
        self = .percent(Int(share))
    }
}

extension IntOrPercent: CustomStringConvertible {
    public var description: String {
        switch self {
        case .int(let value): String(value)
        case .percent(let share): "\(share)%"
        }
    }
}
