/// How a workload's pods look and behave.
public struct PodTemplate: Sendable, Equatable {
    /// Beside the workload's own `app=NAME`.
    public var labels: [String: String] = [:]
    public var annotations: [String: String] = [:]
    public var finalizers: [String] = []
    public var nodeSelector: [String: String] = [:]
    public var container = Container()
    public var priority: Int64 = 0
    public var gracePeriodSeconds: Int64 = 30
    public var hasEmptyDir = false
    /// Each pod has a volume of its own, which is attached to the node.
    public var hasVolume = false
    /// From binding to Ready.
    public var readyAfter = Delay.after(.seconds(1))
    /// From SIGTERM to the containers' end.
    public var stopAfter = Delay.after(.seconds(1))

    public init(
        readyAfter: Delay = .after(.seconds(1)), stopAfter: Delay = .after(.seconds(1)), labels: [String: String] = [:]
    ) {
        self.readyAfter = readyAfter
        self.stopAfter = stopAfter
        self.labels = labels
    }
}
