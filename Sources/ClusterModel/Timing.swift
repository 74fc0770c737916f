/// How fast the cluster's own parts are.
public struct Timing: Sendable, Equatable {
    /// From a pod's creation to its binding.
    public var scheduling = Delay.after(.milliseconds(50))
    /// From a pod's binding to its containers running.
    public var containerStart = Delay.after(.milliseconds(300))
    /// From a pod's loss to its controller's replacement.
    public var replacement = Delay.after(.milliseconds(100))
    /// From a change among a budget's pods to its new status.
    public var budgetSync = Delay.after(.milliseconds(100))
    /// From the containers' end to the pod's removal.
    public var removal = Delay.after(.milliseconds(50))
    /// From a cordon to the node's `unschedulable` taint; `.never`: no taint.
    public var taint = Delay.after(.milliseconds(50))
    /// From a pod's removal to its volumes' detaching.
    public var detach = Delay.after(.seconds(1))
    /// From a namespace's end to each of its pods' deletion; `.never`: its controller is down.
    public var namespaceSweep = Delay.after(.zero)
    /// How old a list from the server's cache (`resourceVersion=0`) is.
    public var cacheAge = Duration.zero

    public init() {}

    /// Nothing takes any time: for tables of rules.
    public static var instant: Timing {
        var timing = Timing()
        timing.scheduling = .after(.zero)
        timing.containerStart = .after(.zero)
        timing.replacement = .after(.zero)
        timing.budgetSync = .after(.zero)
        timing.removal = .after(.zero)
        timing.taint = .never
        timing.detach = .after(.zero)
        return timing
    }
}
