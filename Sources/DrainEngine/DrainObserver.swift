/// Is told everything, in order, on the drain's own task: must be quick and never wait.
public protocol DrainObserver: Sendable {
    func observe(_ event: DrainEvent)
}
