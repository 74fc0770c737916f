import ClusterModel
import FoundationEssentials
import Glibc
import HTTPServer
import SimulatedCluster
import Timestamps

/// The simulated cluster, and a kubeconfig that leads to it.
struct DemoCluster {
    let cluster: SimulatedCluster
    let server: String

    init(port: UInt16) throws {
        let time = TimeSource.anchored()
        cluster = SimulatedCluster(DemoScenario().model(at: time.now()), time: time)
        server = try cluster.start(port: port)
    }

    var kubeconfig: String { SimulatedCluster.kubeconfig(server: server) }

    /// Until somebody ends it.
    func serve(_ signals: SignalFeed) async -> Int32 {
        print(kubeconfig)
        // Into a pipe or a file nothing would go before the end.
        fflush(nil)
        Complaint.say("# A simulated API server at \(server). Save the text above as sim.kubeconfig, then for example:")
        Complaint.say("#   kubectl --kubeconfig sim.kubeconfig get pods -A -o wide")
        Complaint.say("#   drain-agent drain node-a --kubeconfig sim.kubeconfig --force --delete-emptydir-data")
        Complaint.say("# Ctrl-C ends it.")
        for await _ in signals.stream { break }
        await cluster.stop()
        return AgentExit.completed
    }
}
