/// How much a terminal is asked for.
struct TerminalStyle: Equatable, Sendable {
    /// Part of it is drawn anew in place; else there are only lines.
    var isLive: Bool
    var isColored: Bool
    /// Its characters may be other than ASCII.
    var hasBlocks: Bool

    /// For what is cut off; one column.
    var ellipsis: String { hasBlocks ? "…" : "~" }

    static let plain = TerminalStyle(isLive: false, isColored: false, hasBlocks: false)

    /// - Parameters:
    ///   - wanted: `--progress` or `--no-progress`; `nil`: live wherever it can be, but for NO_COLOR.
    init(isTerminal: Bool, wanted: Bool?, environment: [String: String]) {
        let kind = environment["TERM"] ?? ""
        let isCapable = isTerminal && !kind.isEmpty && kind != "dumb"
        let refusesColor = !(environment["NO_COLOR"] ?? "").isEmpty
        isLive = isCapable && (wanted ?? !refusesColor)
        isColored = isCapable && !refusesColor
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        hasBlocks = (locale ?? "").uppercased().replacing("-", with: "").contains("UTF8")
    }

    init(isLive: Bool, isColored: Bool, hasBlocks: Bool) {
        self.isLive = isLive
        self.isColored = isColored
        self.hasBlocks = hasBlocks
    }
}
