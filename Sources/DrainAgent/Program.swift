import ArgumentParser
import CAgent
import Glibc

/// Reads the command line, blocks the signals, starts the command, and hands it the signals that come.
///
/// Synchronous on purpose: a signal that arrives in the first milliseconds must find its mask set, and under an async
/// `main` other threads exist by then.
@main
enum Program {
    static func main() {
        drain_agent_keep_allocator_small()
        StandardDescriptors.open()
        SignalFeed.block()
        let command = parse(CommandLine.arguments)
        let signals = SignalFeed()
        Task.detached {
            let code = await command.execute(signals)
            // Not `exit`: OpenSSL's destructors would run under the feet of threads that still live, and 6 of 100
            // processes that could not start ended as SIGSEGV. What has to be written has been, but for stdio's buffers.
            fflush(nil)
            _exit(code)
        }
        signals.deliverForever()
    }

    private static func parse(_ line: [String]) -> any AgentCommand {
        let isPlugin = KubectlPlugin.isCalled(as: line.first ?? "")
        let root: any ParsableCommand.Type = isPlugin ? KubectlPlugin.self : DrainAgentCommand.self
        let given = Array(line.dropFirst())
        do {
            var parsed = try root.parseAsRoot(
                KubectlSpelling.translate(isPlugin ? KubectlPlugin.arguments(given) : given))
            if let command = parsed as? any AgentCommand { return command }
            try parsed.run()
            exit(0)
        } catch {
            let isUsage = root.exitCode(for: error) == .validationFailure
            root.exit(withError: (isUsage ? Misspelling.error(in: given, isPlugin: isPlugin) : nil) ?? error)
        }
    }
}

/// A subcommand: does its work and says with which code to exit.
protocol AgentCommand: ParsableCommand, Sendable {
    func execute(_ signals: SignalFeed) async -> Int32
}

extension AgentCommand {
    /// Commands are executed by `Program`, with signals.
    func run() throws {}
}

struct DrainAgentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain-agent",
        abstract: "Drains a Kubernetes node so that people can see what happens.",
        discussion: """
            Exit codes: 0 completed, 3 incomplete, 4 timed out, 5 cancelled, 1 could not start, 64 usage.
            """,
        version: "drain-agent \(BuildVersion.version) (\(BuildVersion.revision), Swift \(BuildVersion.swift))",
        subcommands: [
            RunCommand.self, DrainCommand.self, PlanCommand.self, ReportCommand.self, DemoCommand.self,
            TriggerCommand.self, PrestopCommand.self, CancelCommand.self, StatusCommand.self,
        ])
}
