import ArgumentParser

/// `kubectl drain-watch NODE`: what this program is when kubectl finds it as `kubectl-drain_watch` in the search path.
struct KubectlPlugin: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubectl drain-watch", abstract: DrainCommand.configuration.abstract,
        discussion: """
            \(DrainCommand.configuration.discussion)

            This is `drain-agent drain` as a plugin of kubectl; -n and --namespace are taken and mean nothing, for nodes have \
            no namespace. Exit codes: 0 completed, 3 incomplete, 4 timed out, 5 cancelled, 1 could not start, 64 usage.
            """, version: DrainAgentCommand.configuration.version)

    @OptionGroup var drain: DrainCommand

    func execute(_ signals: SignalFeed) async -> Int32 { await drain.execute(signals) }

    /// kubectl turns the name's `_` into the `-` that is typed.
    static func isCalled(as path: String) -> Bool {
        path.split(separator: "/").last.map { $0 == "kubectl-drain_watch" } ?? false
    }

    /// Without what people are used to give to every kubectl command.
    static func arguments(_ given: [String]) -> [String] {
        var kept: [String] = []
        var rest = given[...]
        while let argument = rest.popFirst() {
            if argument == "--" { return kept + [argument] + rest }
            if argument == "-n" || argument == "--namespace" {
                rest = rest.dropFirst()
            } else if !argument.hasPrefix("--namespace="), !(argument.hasPrefix("-n") && !argument.hasPrefix("--")) {
                kept.append(argument)
            }
        }
        return kept
    }
}
