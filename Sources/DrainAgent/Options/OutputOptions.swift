import ArgumentParser
import FoundationEssentials

/// What a person sees meanwhile.
struct ProgressOptions: ParsableArguments {
    @Flag(
        inversion: .prefixedNo,
        help: "A live view below the lines, on a terminal; without NO_COLOR that is so anyway.")
    var progress: Bool?

    func style(descriptor: Int32) -> TerminalStyle {
        TerminalStyle(
            isTerminal: Terminal.isTerminal(descriptor: descriptor), wanted: progress,
            environment: ProcessInfo.processInfo.environment)
    }
}
