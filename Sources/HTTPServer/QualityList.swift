/// The members of a header such as Accept or Accept-Encoding, each with its weight (RFC 9110, section 12.4.2).
struct QualityList: Equatable {
    struct Member: Equatable {
        /// In lower case.
        var value: String
        /// In lower case, without `q`.
        var parameters: [String: String] = [:]
        /// In thousandths: 0 is "not acceptable".
        var quality = 1000
    }

    var members: [Member]

    /// A member whose weight cannot be read is left out.
    init(parsing text: String) {
        members = text.split(separator: ",").compactMap { Self.member($0) }
    }

    private static func member(_ text: Substring) -> Member? {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed.lowercased() }
        guard let value = parts.first, !value.isEmpty else { return nil }
        var member = Member(value: value)
        for part in parts.dropFirst() {
            guard let equals = part.firstIndex(of: "=") else { continue }
            let name = part[..<equals].trimmed
            let value = part[part.index(after: equals)...].trimmed
            guard name == "q" else {
                member.parameters[String(name)] = value.trimmingQuotes
                continue
            }
            guard let quality = thousandths(value) else { return nil }
            member.quality = quality
        }
        return member
    }

    /// `0`, `0.5`, `1.000`: at most three decimals, never beyond 1.
    private static func thousandths(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count == 2 ? parts[1] : ""
        guard parts[0] == "0" || parts[0] == "1", decimals.utf8.count <= 3,
            decimals.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        let fraction = Int(decimals + String(repeating: "0", count: 3 - decimals.utf8.count)) ?? 0
        let value = parts[0] == "1" ? 1000 + fraction : fraction
        return value <= 1000 ? value : nil
    }
}

extension StringProtocol {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmed: SubSequence {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }

    fileprivate var trimmingQuotes: String {
        guard count >= 2, hasPrefix("\""), hasSuffix("\"") else { return String(self) }
        return String(dropFirst().dropLast())
    }
}
