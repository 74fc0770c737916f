import DrainEngine
import DrainReport
import Timestamps

/// Something that happened in a drain, for people.
struct ProgressLine: Equatable, Sendable {
    var text: String
    /// Of the pod that it is about.
    var phase: PodPhase?
    /// How long after the drain's start; `nil`: it has none.
    var after: Duration?

    init(text: String, phase: PodPhase? = nil, after: Duration? = nil) {
        self.text = text
        self.phase = phase
        self.after = after
    }

    /// `   4s ● pod shop/web-1 is gone`
    func styled(_ style: TerminalStyle) -> StyledLine {
        guard let after else { return StyledLine(text) }
        let moment = DrainView.seconds(after)
        var line = StyledLine(String(repeating: " ", count: max(0, 6 - moment.count)) + moment + " ", .soft)
        let isWarning = text.hasPrefix("warning: ")
        let mark = style.hasBlocks ? "●" : "*"
        line.add(
            "\(phase == nil && !isWarning ? " " : mark) ", isWarning ? .warning : phase.map { .phase($0) } ?? .plain)
        line.add(text, isWarning ? .warning : .plain)
        return line
    }
}
