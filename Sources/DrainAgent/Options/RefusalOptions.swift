import ArgumentParser
import DrainEngine

/// What kubectl drain wants to be told before pods are lost for good.
struct RefusalOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Evict pods with emptyDir volumes, whose data is lost.")
    var deleteEmptydirData = false

    @Flag(inversion: .prefixedNo, help: "Evict pods that no controller would replace.")
    var force = false

    @Flag(
        inversion: .prefixedNo, help: "Leave pods of DaemonSets alone; with --no-ignore-daemonsets they stop the drain."
    )
    var ignoreDaemonsets = true

    var refusals: DrainPolicy.Refusals {
        DrainPolicy.Refusals(emptyDir: !deleteEmptydirData, unmanaged: !force, daemonSets: !ignoreDaemonsets)
    }
}
