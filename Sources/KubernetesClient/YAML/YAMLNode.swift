/// One value of a YAML document and where it stands.
struct YAMLNode: Sendable {
    enum Content: Sendable {
        /// `isPlain`: without quotes, so that `true`, `1` and `null` may be more than text.
        case scalar(String, isPlain: Bool)
        case sequence([YAMLNode])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var key: String
        var value: YAMLNode
    }

    var content: Content
    /// Both from 1.
    var line: Int
    var column: Int

    /// The value of a mapping's key; `nil` where there is none, or only a null.
    subscript(_ key: String) -> YAMLNode? {
        guard case .mapping(let entries) = content, let value = entries.first(where: { $0.key == key })?.value,
            !value.isNull
        else { return nil }
        return value
    }

    /// `null`, `~` or nothing at all.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }
}
