/// What Kubernetes takes for a label's name and value.
enum LabelSyntax {
    /// `name` or `dns.prefix/name`.
    static func isKey(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.last, !name.isEmpty, isName(name) else { return false }
        return parts.count == 1 || isSubdomain(parts[0])
    }

    /// Empty, or as a name.
    static func isValue(_ text: String) -> Bool { text.isEmpty || isName(text.utf8[...]) }

    /// At most 63 letters, digits, `-`, `_` and `.`, a letter or digit at both ends.
    private static func isName(_ text: Substring.UTF8View) -> Bool {
        guard text.count <= 63, let first = text.first, let last = text.last else { return false }
        return isAlphanumeric(first) && isAlphanumeric(last)
            && text.allSatisfy { isAlphanumeric($0) || "-_.".utf8.contains($0) }
    }

    /// At most 253 characters of dot-separated lowercase labels.
    private static func isSubdomain(_ text: Substring.UTF8View) -> Bool {
        guard text.count <= 253 else { return false }
        return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            guard let first = label.first, let last = label.last else { return false }
            return isLowercase(first) && isLowercase(last)
                && label.allSatisfy { isLowercase($0) || $0 == UInt8(ascii: "-") }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        isLowercase(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }

    private static func isLowercase(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
