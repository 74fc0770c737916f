import ArgumentParser
import DrainTelemetry

/// What is written to the cluster about a drain, for those who look at the node or at a pod.
struct ReportingOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Write Events on the node, and on pods that are blocked or stuck.")
    var events = true

    @Flag(inversion: .prefixedNo, help: "Write an Event on each evicted pod, too.")
    var podEvents = false

    @Flag(inversion: .prefixedNo, help: "Keep the conditions DrainInProgress and Drained in the node's status.")
    var nodeConditions = true

    func validate() throws {
        guard events || !podEvents else { throw ValidationError("--pod-events and --no-events contradict each other") }
    }

    var settings: ClusterReporter.Settings {
        ClusterReporter.Settings(events: events, podEvents: podEvents, conditions: nodeConditions)
    }
}
