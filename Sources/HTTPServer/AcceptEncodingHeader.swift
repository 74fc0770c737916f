/// The content codings a client can undo (RFC 9110, section 12.5.3).
struct AcceptEncodingHeader {
    private let qualities: [String: Int]

    /// Nil (no header) promises no coding.
    init(parsing text: String?) {
        let members = QualityList(parsing: text ?? "").members
        qualities = Dictionary(members.map { ($0.value, $0.quality) }, uniquingKeysWith: max)
    }

    /// Whether gzip is acceptable, and not less liked than no coding at all.
    var prefersGzip: Bool {
        let others = qualities["*"] ?? 0
        let gzip = qualities["gzip"] ?? qualities["x-gzip"] ?? others
        return gzip > 0 && gzip >= qualities["identity"] ?? others
    }
}
