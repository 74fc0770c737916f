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
    @OptionGroup var socket: SocketOptions

    func validate() throws {
        guard watch, output == .json else { return }
        throw ValidationError("--watch is for people: GET /drain/events has the same as JSON, an event a line")
    }

    func execute(_ signals: SignalFeed) async -> Int32 {
        let client = ControlClient(socket.controlSocket)
        let style = progress.style(descriptor: 1)
        return await signals.cutting {
            if watch { return await StatusWatch(client: client, style: style).run() }
            return await client.status(output, style)
        }
    }
}

extension ControlClient {
    /// Prints how the drain stands.
    fileprivate func status(_ output: StatusCommand.Output, _ style: TerminalStyle) async -> Int32 {
        guard output == .table else { return await command("GET", "/drain", nil, reportsOutcome: false) }
        let now = TimeSource.anchored().now()
        let size = Terminal.size(descriptor: 1)
        return await command("GET", "/drain", nil, reportsOutcome: false) { body in
            let document = try DrainDocument.decoder.decode(DrainDocument.self, from: Data(body))
            let lines = StatusTable.lines(
                document, columns: size.map { max(20, $0.columns - 1) } ?? .max, at: now, style)
            return Array(lines.map { $0.rendered(isColored: style.isColored) + "\n" }.joined().utf8)
        }
    }
}
