import ArgumentParser
import DrainEngine
import Telemetry
import Timestamps

struct TriggerCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger", abstract: "Starts the drain of the agent that runs on this machine.",
        discussion: """
            Exit codes: 0 begun, or begun before by the same request; with --wait the drain's own; 1 no agent answers, or it \
            says no; 64 usage.
            """)

    @Flag(help: "Wait for its end, and exit with its code.")
    var wait = false

    @Option(help: "When the drain gives up, e.g. 90s, 10m; else as the agent was told.")
    var timeout: DurationArgument?

    @Option(help: "Seconds each pod is given to stop; else as the agent was told.")
    var gracePeriod: Int64?

    @OptionGroup var agent: AgentOptions

    func validate() throws {
        if let gracePeriod, !(0...DrainDemand.Overrides.longestGrace).contains(gracePeriod) {
            throw ValidationError("--grace-period must be 0 to \(DrainDemand.Overrides.longestGrace)")
        }
    }

    func execute(_ signals: SignalFeed) async -> Int32 {
        var fields: [(String, JSONValue)] = []
        if let timeout { fields.append(("timeout", .string("\(timeout.value.nanoseconds)ns"))) }
        if let gracePeriod { fields.append(("grace_period_seconds", .int(gracePeriod))) }
        let body = fields.isEmpty ? nil : JSONValue.object(fields)
        return await signals.cutting(
            short: "the drain goes on: drain-agent status shows it, drain-agent cancel ends it"
        ) {
            await ControlClient.command(
                agent, "POST", wait ? "/drain?wait=true" : "/drain", body, reportsOutcome: wait)
        }
    }
}

struct PrestopCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "prestop",
        abstract: "For a preStop hook: starts the drain, or joins it, and holds the hook open until it has ended.")

    @OptionGroup var agent: AgentOptions

    func execute(_ signals: SignalFeed) async -> Int32 {
        await ControlClient.command(agent, "POST", "/prestop", reportsOutcome: true)
    }
}

struct CancelCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancels the drain that runs on this machine.")

    @Flag(help: "And make the node schedulable again, if the drain cordoned it.")
    var uncordon = false

    @OptionGroup var agent: AgentOptions

    func execute(_ signals: SignalFeed) async -> Int32 {
        await signals.cutting {
            await ControlClient.command(agent, "DELETE", uncordon ? "/drain?uncordon=true" : "/drain")
        }
    }
}
