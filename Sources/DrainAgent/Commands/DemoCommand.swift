import ArgumentParser
import HTTPServer

struct DemoCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Drains a node of a simulated cluster, to watch; nothing outside this machine is touched.")

    @Flag(help: "Only serve the simulated cluster, and print a kubeconfig for kubectl.")
    var simulateOnly = false

    @Option(help: "Port of the simulated API server; 0: any.")
    var port: UInt16 = 0

    @Option(help: "Address of the agent's /metrics.")
    var listen = "127.0.0.1:9809"

    @Option(help: "Directory for the spans, logs and last scrape; else a new one.", completion: .directory)
    var directory: String?

    @OptionGroup var progress: ProgressOptions

    func validate() throws {
        do { _ = try ListenAddress(parsing: listen) } catch { throw ValidationError("--listen: \(error)") }
    }

    func execute(_ signals: SignalFeed) async -> Int32 {
        do {
            return try await simulateOnly ? DemoCluster(port: port).serve(signals) : Demo(self).run(signals)
        } catch {
            return Complaint.exit(error)
        }
    }
}
