import ArgumentParser

/// What the parser cannot say about words that it does not take: what people who know kubectl, or mistype a command, meant.
enum Misspelling {
    /// `nil`: the parser says it well enough. `given`: without the program's name.
    static func error(in given: [String], isPlugin: Bool) -> ValidationError? {
        guard let text = isPlugin ? ofDrain(given) : ofCommand(given) else { return nil }
        return ValidationError(text)
    }

    private static func ofCommand(_ given: [String]) -> String? {
        guard let command = given.first, !command.hasPrefix("-") else { return nil }
        let commands = DrainAgentCommand.configuration.subcommands.compactMap { $0.configuration.commandName }
        guard commands.contains(command) else {
            if command == "help" { return nil }
            let meant = Nearest.to(command, among: commands).map { "Did you mean '\($0)'?" }
            return "There is no command '\(command)'. \(meant ?? "There are \(commands.joined(separator: ", ")).")"
        }
        return ["drain", "plan"].contains(command) ? ofDrain(Array(given.dropFirst())) : nil
    }

    private static func ofDrain(_ given: [String]) -> String? {
        for argument in given.prefix(while: { $0 != "--" }) {
            let name = argument.split(separator: "=", maxSplits: 1).first.map(String.init) ?? ""
            if name == "--selector" || name == "-l" {
                return """
                    '\(name)' chooses nodes, and one node is drained at a time: `kubectl get nodes \(name) … -o name` lists \
                    them. --pod-selector chooses its pods
                    """
            }
            if name == "--delete-local-data" { return "'\(name)' is called --delete-emptydir-data now, as in kubectl" }
        }
        return nil
    }
}
