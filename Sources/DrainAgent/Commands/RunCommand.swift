import ArgumentParser
import DrainEngine
import FoundationEssentials
import Glibc

/// What a SIGTERM means to the sidecar.
enum OnSigterm: String, ExpressibleByArgument, CaseIterable, Sendable {
    /// The node is to be drained.
    case drain
    /// The node is drained if there is proof that it is going; else we just end.
    case auto
    /// We just end.
    case exit
}

struct RunCommand: AgentCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Serves as a sidecar or node agent; drains on SIGTERM, on POST /drain or by `drain-agent trigger`.")

    @Option(help: "The node to drain; else $NODE_NAME.")
    var node: NodeName?

    @Option(help: "On SIGTERM: drain, auto (only on proof that the node is going) or exit.")
    var onSigterm = OnSigterm.drain

    @Option(
        help: "The time between SIGTERM and SIGKILL, where our pod's deletionTimestamp does not say it, e.g. 10m.")
    var terminationGrace: DurationArgument?

    @Option(name: .customLong("self"), help: "Our own pod goes last, or is left: last or leave.")
    var ownPod = DrainPolicy.OwnPod.last

    @Option(help: "After the end, wait at most so long for a scrape that shows it.")
    var linger = DurationArgument(.seconds(60))

    @Option(help: "File for the outcome as JSON; else /dev/termination-log where it exists; \"\" for none.")
    var terminationLog: String?

    @Flag(
        inversion: .prefixedNo,
        help: "After a reboot make the node schedulable again, once it is ready, if it was us who cordoned it.")
    var uncordonAfterBoot = false

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var eviction: EvictionOptions
    @OptionGroup var fleet: FleetOptions
    @OptionGroup var serving: ServingOptions
    @OptionGroup var certificate: CertificateOptions
    @OptionGroup var reporting: ReportingOptions
    @OptionGroup var telemetry: TelemetryOptions

    func validate() throws { _ = try nodeName() }

    func nodeName() throws -> String {
        if let node { return node.value }
        guard let name = ProcessInfo.processInfo.environment["NODE_NAME"], !name.isEmpty else {
            throw ValidationError("which node? Give --node, or set NODE_NAME (downward API: spec.nodeName)")
        }
        guard let checked = NodeName(argument: name) else {
            throw ValidationError("NODE_NAME: \"\(name)\" is not a node's name")
        }
        return checked.value
    }

    func execute(_ signals: SignalFeed) async -> Int32 {
        do {
            return await (try Sidecar(self)).live(signals)
        } catch {
            return Complaint.exit(error)
        }
    }
}

/// A line on stderr for what stopped the program before it had a log.
enum Complaint {
    static func exit(_ error: any Error) -> Int32 {
        say("drain-agent: \(error)")
        return AgentExit.failed
    }

    static func say(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
