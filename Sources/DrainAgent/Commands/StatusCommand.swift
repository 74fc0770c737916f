import ArgumentParser
import FoundationEssentials
import Telemetry
import Timestamps

struct StatusCommand: AgentCommand {
    enum Output: String, ExpressibleByArgument, CaseIterable, Sendable { case table, json }

    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Says how the drain of the agent on this machine stands, what holds it up first.",
        discussion: """
            Exit codes: 0 the agent has answered, however the drain stands; with --watch the drain's own once it has ended; \
            1 no agent answers; 64 usage.
            """)

    @Option(name: [.customShort("o"), .long], help: "table, or json (GET /drain).")
    var output = Output.table

    @Flag(name: [.customShort("w"), .long], help: "Show it live until the drain has ended.")
    var watch = false

    @OptionGroup var progress: ProgressOptions
    @OptionGroup var agent: AgentOptions

    func validate() throws {
        guard watch, output == .json else { return }
        throw ValidationError("--watch is for people: GET /drain/events has the same as JSON, an event a line")
    }

    func execute(_ signals: SignalFeed) async -> Int32 {
        let style = progress.style(descriptor: 1)
        return await signals.cutting {
            guard watch else { return await status(style) }
            do {
                return await StatusWatch(client: ControlClient(endpoint: try agent.endpoint()), style: style).run()
            } catch {
                return Complaint.exit(error)
            }
        }
    }

    private func status(_ style: TerminalStyle) async -> Int32 {
        guard output == .table else { return await ControlClient.command(agent, "GET", "/drain") }
        let now = TimeSource.anchored().now()
        let columns = Terminal.size(descriptor: 1).map { max(20, $0.columns - 1) } ?? .max
        return await ControlClient.command(agent, "GET", "/drain") { body in
            let document = try DrainDocument.decoder.decode(DrainDocument.self, from: Data(body))
            let lines = StatusTable.lines(document, columns: columns, at: now, style)
            return Array(lines.map { $0.rendered(isColored: style.isColored) + "\n" }.joined().utf8)
        }
    }
}
